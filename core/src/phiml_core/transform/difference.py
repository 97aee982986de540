"""The single numbers that a function is varied by, for differences of its values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core.ops.native import full_array
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Leaf, Structure

from .flat import moves

__all__ = ["Element", "elements_of"]


@dataclass(frozen=True)
class Element:
    """One real number in an argument: a real value, or the real or imaginary part of a complex one.

    Attributes:
        name: of the argument.
        place: index along each dim.
        value, slope: of the number, and of the function by it.
    """

    name: str
    place: dict[str, int]
    value: float
    slope: float
    _array: Any
    _at: int
    _direction: complex
    _tree: "_Tree"
    _leaf: int

    def shifted(self, h: float) -> Any:
        """The argument with another value for this number."""
        changed = self._array.copy().reshape(-1)
        changed[self._at] += h * self._direction
        return self._tree.with_leaf(self._leaf, changed.reshape(self._array.shape))


@dataclass(frozen=True)
class _Tree:
    structure: Structure
    leaves: tuple[Any, ...]

    def with_leaf(self, i: int, array: Any) -> Any:
        spec = self.structure.leaf_structures()[i].spec
        changed = spec.backend.as_array(array, spec.dtype)
        return self.structure.build(iter((*self.leaves[:i], changed, *self.leaves[i + 1 :])))


def elements_of(name: str, argument: Any, gradient: Any) -> Iterator[Element]:
    """All real numbers of an argument, given the gradient by it."""
    import numpy as np

    leaves: list[Any] = []
    structure = flatten(argument, leaves)
    tree = _Tree(structure, tuple(leaves))
    parts = structure.leaf_structures()
    for i, (part, native, slope) in enumerate(zip(parts, leaves, _slopes(gradient, parts), strict=True)):
        if not moves(part):
            continue
        dtype = np.float64 if part.spec.dtype.kind is float else np.complex128
        array = np.asarray(part.spec.backend.to_numpy(part.spec.backend.as_array(native)), dtype)
        directions = (1.0,) if dtype is np.float64 else (1.0, 1j)
        for k, (x, g) in enumerate(zip(array.reshape(-1), slope.reshape(-1), strict=True)):
            for d in directions:
                value = float(x.real if d == 1 else x.imag)
                place = _position(part.spec.stored, k)
                yield Element(name, place, value, float((g * d).real), array, k, d, tree, i)


def _slopes(gradient: Any, parts: Sequence[Leaf]) -> list[Any]:
    """The gradients by leaves, each in the order in which its leaf is stored."""
    natives: list[Any] = []
    given = flatten(gradient, natives).leaf_structures()
    blocks = [Dense(g.spec.backend.as_array(x), g.spec) for x, g in zip(natives, given, strict=True)]
    return [b.backend.to_numpy(full_array(b, p.spec.stored)) for b, p in zip(blocks, parts, strict=True)]


def _position(stored: Shape, k: int) -> dict[str, int]:
    import numpy as np

    if not stored:
        return {}
    return {n: int(i) for n, i in zip(stored.names, np.unravel_index(k, stored.sizes), strict=True)}
