"""A function of trees as a function of native arrays, and trees that stand beside its arguments and results."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.ops.reduce import sum_
from phiml_core.ops.repeat import expand, store
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Leaf, Node, Static, Structure
from phiml_core.tree.tree import tree_map

from .boundary import conform, entering, join_structures, prepare, wide
from .outputs import Outputs, record

__all__ = ["Flat", "beside", "fitted", "moves", "zero"]


def moves(leaf: Leaf) -> bool:
    """Whether a leaf has derivatives: floating point and complex numbers."""
    return leaf.spec.dtype.kind in (float, complex)


class Flat:
    """`call(values)` as a function of the leaves of `values` that have derivatives.

    Args:
        call: takes a tree like `values`; with `chosen` it returns a pair of a list of tensors and everything it has to return.
        chosen: which of its results are differentiated: by default all leaves of what it returns.
    """

    def __init__(self, call: Callable[[Any], Any], values: Any, backend: Backend, chosen: bool = False):
        leaves: list[Any] = []
        given = flatten(tree_map(store, values), leaves)  # what is constant along a dim has a derivative for each item
        self.call, self.backend, self.chosen = call, backend, chosen
        self.seen = entering(given, backend)
        self.natives = prepare(leaves, given, self.seen, backend)
        self.leaves = self.seen.leaf_structures()
        self.moving = [i for i, leaf in enumerate(self.leaves) if moves(leaf)]
        self.outputs: Outputs | None = None
        self.following: list[int] = []

    @property
    def point(self) -> tuple[Any, ...]:
        """The native arrays that it is differentiated by."""
        return tuple([self.natives[i] for i in self.moving])

    def context(self) -> Any:
        """What must surround derivatives that handle 64-bit numbers."""
        return self.backend.context(wide(self.seen))

    def __call__(self, *xs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        full = list(self.natives)
        for i, x in zip(self.moving, xs, strict=True):
            full[i] = x
        values = self.seen.build(iter(full))
        if self.chosen:
            arrays: tuple[Any, ...] = ()

            def both() -> Any:
                nonlocal arrays
                arrays, result = self.call(values)
                return result

            out, self.outputs, _ = record(both, self.backend)
            return tuple(arrays), out
        out, self.outputs, _ = record(lambda: self.call(values), self.backend)
        self.following = [i for i, leaf in enumerate(self.outputs.structure.leaf_structures()) if moves(leaf)]
        return tuple([out[i] for i in self.following]), out

    def beside_output(self, found: Sequence[Any]) -> Any:
        """A tree like the output with `found` in the places that have derivatives, zeros elsewhere."""
        assert self.outputs is not None
        return beside(self.outputs.structure, self.following, found, self.backend)

    def beside_input(self, found: Sequence[Any]) -> Any:
        """A tree like the arguments with `found` in the places that have derivatives, zeros elsewhere.

        Positions of sparse tensors stay what they are.
        """
        fixed = [i for i, leaf in enumerate(self.leaves) if leaf.kind == "position"]
        found = (*found, *[self.natives[i] for i in fixed])
        return beside(self.seen, (*self.moving, *fixed), found, self.backend)


def beside(structure: Structure, places: Sequence[int], found: Sequence[Any], backend: Backend) -> Any:
    """A tree of the structure with `found` at some leaves and zeros elsewhere."""
    natives = [zero(leaf, backend) if i not in places else None for i, leaf in enumerate(structure.leaf_structures())]
    for i, x in zip(places, found, strict=True):
        natives[i] = x
    return structure.build(iter(natives))


def zero(leaf: Leaf, backend: Backend) -> Any:
    """Zeros in the place of a leaf."""
    return primitive.zeros(backend, leaf.spec.stored.sizes, leaf.spec.dtype)


def fitted(tree: Any, like: Structure, backend: Backend, what: str) -> list[Any]:
    """Native leaves of a tree of derivatives that stands beside values of structure `like`: None in it is zero.

    Raises:
        TypeError: the tree has another structure, or a tensor dims that its value has not.
    """
    leaves: list[Any] = []
    result: list[Any] = []
    given = flatten(tree, leaves)
    _fit(given, like, iter(leaves), result, backend, what)
    return result


def _fit(
    given: Structure, like: Structure, leaves: Iterator[Any], result: list[Any], backend: Backend, what: str
) -> None:
    if isinstance(like, Static):
        for _ in given.leaf_structures():
            next(leaves)
    elif isinstance(given, Static):
        if given.value is not None:
            raise TypeError(f"{what} holds {given.value!r} where a tensor or None must stand.")
        result += [zero(leaf, backend) for leaf in like.leaf_structures()]
    elif isinstance(given, Node) and isinstance(like, Node) and len(given.parts) == len(like.parts):
        if given.cls is dict and like.cls is dict and set(given.static) == set(like.static):
            by_key = {
                k: (g, [next(leaves) for _ in g.leaf_structures()])
                for k, g in zip(given.static, given.parts, strict=True)
            }
            for key, part in zip(like.static, like.parts, strict=True):
                _fit(by_key[key][0], part, iter(by_key[key][1]), result, backend, what)
            return
        for g, part in zip(given.parts, like.parts, strict=True):
            _fit(g, part, leaves, result, backend, what)
    else:
        joined = join_structures(given, like, what)  # the same tree
        mine = [next(leaves) for _ in given.leaf_structures()]
        for j, part in zip(joined.leaf_structures(), like.leaf_structures(), strict=True):
            if j.spec.shape != part.spec.shape:
                extra = j.spec.shape.without(part.spec.shape)
                raise TypeError(f"{what} has dims {extra} that its argument {part.spec.shape} has not.  Sum over them.")
        if all(map(moves, like.leaf_structures())):
            pairs = zip(mine, given.leaf_structures(), like.leaf_structures(), strict=True)
            mine = [conform(*_summed(x, g, part))[0] for x, g, part in pairs]
        result += mine


def _summed(x: Any, given: Leaf, like: Leaf) -> tuple[list[Any], Leaf, Leaf]:
    """A derivative summed over the dims along which its value is constant: one number stands for all items there."""
    constant = like.spec.shape.without(like.spec.stored)
    if not constant or isinstance(given.kind, type):
        return [x], given, like
    total = as_dense(sum_(expand(Dense(x, given.spec), constant), constant))
    return [total.native_array], Leaf(total.spec, None), Leaf(like.spec.with_dims(like.spec.stored), like.kind)
