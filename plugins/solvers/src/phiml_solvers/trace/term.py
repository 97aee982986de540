"""Terms: what a traced tensor is a sum of.

    term[i] = Σ over h of  number · factor₁[i, h] · factor₂[i, h] … · x[index(i, h)]      for i in a window, 0 elsewhere

i runs over the dims of the traced tensor, h over hidden dims, which are summed over.  Nothing is computed while tracing: factors are
the tensors that the function multiplied by, read at an offset, so that two factors are equal if they are the same tensor at the same
offset.  Positions inside a window always lie inside x and inside the factors.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from phiml_core.tensor.tensor import Tensor

__all__ = ["Along", "At", "Factor", "Source", "Term", "like_terms"]


class Along(NamedTuple):
    """The position i[dim] + offset."""

    dim: str
    offset: int


class Factor:
    """A tensor read along dims of a term.

    Attributes:
        tensor: the tensor; a boolean one selects: where it is false the term is 0, whatever the other factors are.
        at: for each dim of the tensor (its name there, name in the term, offset), or (its name, None, fixed position).
    """

    __slots__ = ("_hash", "at", "tensor")

    def __init__(self, tensor: Tensor, at: tuple[tuple[str, str | None, int], ...]):
        self.tensor, self.at = tensor, at
        self._hash = hash((id(tensor), at))

    def __eq__(self, other: Any) -> bool:
        return type(other) is type(self) and self.tensor is other.tensor and self.at == other.at

    def __hash__(self) -> int:
        return self._hash

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dims of the term along which it varies."""
        return tuple([d for _, d, _ in self.at if d is not None])

    def moved(self, dim: str, by: int) -> Self:
        """The factor whose value at i is the one that was at i + by."""
        if dim not in self.dims or by == 0:
            return self
        return type(self)(self.tensor, tuple([(n, d, o + by if d == dim else o) for n, d, o in self.at]))

    def fixed(self, dim: str, i: int) -> Self:
        """The factor at position i along a dim, which disappears."""
        if dim not in self.dims:
            return self
        return type(self)(self.tensor, tuple([(n, None, o + i) if d == dim else (n, d, o) for n, d, o in self.at]))

    def renamed(self, names: dict[str, str]) -> Self:
        """The factor with other names of dims of the term."""
        if not any(d in names for d in self.dims):
            return self
        return type(self)(
            self.tensor, tuple([(n, names.get(d, d) if d is not None else None, o) for n, d, o in self.at])
        )


class At(Factor):
    """The positions that an integer tensor lists."""

    __slots__ = ()


Index = Along | At | int
Window = tuple[str, int, int]


class Term(NamedTuple):
    """One term.

    Attributes:
        leaf: number of the argument x that it reads.
        index: position along each dim of x.
        windows: (dim, start, stop) for dims of the term that are not covered as a whole, sorted.
        factors: in the order of multiplication.
        hidden: (dim, size) of the dims summed over, sorted.
        number: Python number.
    """

    leaf: int
    index: tuple[Index, ...]  # type: ignore[assignment]
    windows: tuple[Window, ...] = ()
    factors: tuple[Factor, ...] = ()
    hidden: tuple[tuple[str, int], ...] = ()
    number: Any = 1

    @property
    def key(self) -> Any:
        """What terms that add up to one have in common."""
        return self[:-1]

    def window(self, dim: str, size: int) -> tuple[int, int]:
        """Start and stop along a dim of this size."""
        for name, start, stop in self.windows:
            if name == dim:
                return start, stop
        return 0, size

    def varies(self, dim: str) -> bool:
        """Whether the term varies along a dim inside its window."""
        return any(
            (isinstance(i, Along) and i.dim == dim) or (isinstance(i, At) and dim in i.dims) for i in self.index
        ) or any(dim in f.dims for f in self.factors)

    @property
    def is_shift(self) -> bool:
        """Whether it reads x at fixed offsets along dims of its own or at fixed positions."""
        along = [i.dim for i in self.index if isinstance(i, Along)]
        return len(set(along)) == len(along) and not any(isinstance(i, At) for i in self.index)

    def scaled(self, number: Any) -> "Term":
        """The term times a Python number."""
        return self._replace(number=self.number * number)

    def times(self, factor: Factor) -> "Term":
        """The term times a tensor."""
        return self._replace(factors=(*self.factors, factor))

    def moved(self, dim: str, by: int, size: int, new_size: int) -> "Term | None":
        """What is left in 0 ≤ i < new_size of the term whose value at i is the one that was at i + by, or None."""
        start, stop = self.window(dim, size)
        start, stop = max(start - by, 0), min(stop - by, new_size)
        if start >= stop:
            return None
        index = tuple(
            [
                Along(dim, i.offset + by)
                if isinstance(i, Along) and i.dim == dim
                else i.moved(dim, by)
                if isinstance(i, At)
                else i
                for i in self.index
            ]
        )
        return self._replace(
            index=index,
            windows=with_window(self.windows, dim, start, stop, new_size),
            factors=tuple([f.moved(dim, by) for f in self.factors]),
        )

    def at(self, dim: str, position: int, size: int) -> "Term | None":
        """The term at one position along a dim, which disappears."""
        start, stop = self.window(dim, size)
        if not start <= position < stop:
            return None
        index = tuple(
            [
                i.offset + position
                if isinstance(i, Along) and i.dim == dim
                else i.fixed(dim, position)
                if isinstance(i, At)
                else i
                for i in self.index
            ]
        )
        return self._replace(
            index=index,
            windows=tuple([w for w in self.windows if w[0] != dim]),
            factors=tuple([f.fixed(dim, position) for f in self.factors]),
        )

    def renamed(self, names: dict[str, str]) -> "Term":
        """The term with other names of its dims."""
        index = tuple(
            [
                Along(names.get(i.dim, i.dim), i.offset)
                if isinstance(i, Along)
                else i.renamed(names)
                if isinstance(i, At)
                else i
                for i in self.index
            ]
        )
        return self._replace(
            index=index,
            windows=tuple(sorted([(names.get(d, d), a, b) for d, a, b in self.windows])),
            factors=tuple([f.renamed(names) for f in self.factors]),
        )


def with_window(windows: tuple[Window, ...], dim: str, start: int, stop: int, size: int) -> tuple[Window, ...]:
    """Windows with another one along `dim`."""
    rest = [w for w in windows if w[0] != dim]
    if (start, stop) != (0, size):
        rest.append((dim, start, stop))
    return tuple(sorted(rest))


def like_terms(terms: Any) -> tuple[Term, ...]:
    """The terms with those that differ in nothing but their number added up."""
    numbers: dict[Any, Any] = {}
    for term in terms:
        key = term.key
        found = numbers.get(key)
        numbers[key] = term.number if found is None else found + term.number
    return tuple([Term(*key, number=n) for key, n in numbers.items() if not _is_nothing(n)])  # type: ignore[misc]


def joined_windows(terms: Any, sizes: dict[str, int]) -> tuple[Term, ...]:
    """The terms with those that differ in nothing but neighbouring windows along one dim as one."""
    terms = like_terms(terms)
    for dim in {w[0] for t in terms for w in t.windows}:
        rows: dict[Any, list[Term]] = {}
        for t in terms:
            rest = tuple([w for w in t.windows if w[0] != dim])
            rows.setdefault((t._replace(windows=rest).key, t.number), []).append(t)
        found: list[Term] = []
        for group in rows.values():
            spans: list[list[int]] = []
            for start, stop in sorted(t.window(dim, sizes[dim]) for t in group):
                if spans and spans[-1][1] == start:
                    spans[-1][1] = stop
                else:
                    spans.append([start, stop])
            found += [group[0]._replace(windows=with_window(group[0].windows, dim, a, b, sizes[dim])) for a, b in spans]
        terms = like_terms(found)
    return terms


class Source:
    """What all tensors of one trace share.

    Attributes:
        shapes: of the arguments.
        is_real: whether all arguments are real, so that more is linear.
        memo: results of operations on factors, so that equal factors stay the same tensor.
    """

    def __init__(self, arguments: Any):
        self.shapes, self.backend = tuple([a.shape for a in arguments]), arguments[0].backend
        self.is_real = all([a.dtype.kind is not complex for a in arguments])
        self.memo: dict[Any, Any] = {}
        self._hidden = 0

    def hide(self) -> str:
        """A new name for a dim that is summed over."""
        self._hidden += 1
        return f"_sum{self._hidden}"

    def once(self, key: Any, keep: Any, make: Any) -> Any:
        """`make()`, computed the first time; `keep` is what `key` holds the ids of."""
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = (make(), keep)
        return found[0]


def positions(array: Any) -> np.ndarray:
    """Positions as an integer array."""
    return np.asarray(array, np.int64 if array.size and array.max() >= 2**31 else np.int32)


def _is_nothing(number: Any) -> bool:
    """Whether a number is known to be zero; inside transforms it is a tensor."""
    return isinstance(number, (int, float, complex)) and number == 0
