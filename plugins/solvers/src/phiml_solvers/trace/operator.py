"""The operator that applies terms as they were traced: windows of x, moved, multiplied and added up."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from phiml_core.math import expand, gather, pad, rename_dims, stack
from phiml_core.shape import Shape, channel, concat_shapes, instance
from phiml_core.tensor import Dense, as_dense
from phiml_core.tensor.tensor import Tensor

from ..operator.elementary import Zero
from ..operator.linear import LinearOperator
from ..operator.shift import check_sizes
from .contract import contracted
from .elementwise import coefficient, factor_of, factor_values
from .linear import Linear
from .term import Along, At, Factor, Term
from .transpose import is_symmetric, transposed_terms

__all__ = ["TracedOperator", "apply_terms"]


class _Slot(NamedTuple):
    """A factor without its tensor: which of the tensors, and how it is read."""

    number: int
    at: Any


@dataclass(frozen=True, eq=False)
class TracedOperator(LinearOperator):
    """A sum of terms  Σ over h of  number · factors[i, h] · x[index(i, h)],  each in a window; see `Term`.

    What tracing returns where no simpler operator does the same: gradients, divergences, slices, means, ….

    Attributes:
        plan: the terms without numbers and tensors.
        numbers, tensors: of the terms.
        shape: dims of x.
        to: dims of the result.
        symmetric: whether it equals its transpose.
    """

    plan: tuple[Any, ...]
    numbers: tuple[Any, ...]
    tensors: tuple[Any, ...]
    shape: Shape
    to: Shape
    symmetric: bool = False
    order: tuple[tuple[str, ...], ...] = field(init=False)  # shapes are equal whatever their order, operators are not

    __value_attrs__ = ("numbers", "tensors")

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", (self.shape.names, self.to.names))

    @staticmethod
    def of(terms: tuple[Term, ...], shape: Shape, to: Shape) -> "TracedOperator":
        """From terms whose index follows the dims of `shape`."""
        numbers: dict[int, int] = {}
        tensors: list[Any] = []

        def slot(factor: Factor) -> _Slot:
            if id(factor.tensor) not in numbers:
                numbers[id(factor.tensor)] = len(tensors)
                tensors.append(factor.tensor)
            return _Slot(numbers[id(factor.tensor)], factor.at)

        plan = tuple(
            [
                (
                    tuple([slot(i) if isinstance(i, At) else i for i in t.index]),
                    t.windows,
                    tuple(map(slot, t.factors)),
                    t.hidden,
                )
                for t in terms
            ]
        )
        square = shape == to
        symmetric = square and is_symmetric(terms, shape, to)
        return TracedOperator(plan, tuple(t.number for t in terms), tuple(tensors), shape, to, symmetric)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms with numbers and tensors."""

        def read(slot: Any, kind: Any) -> Any:
            return kind(self.tensors[slot.number], slot.at)

        found = []
        for (index, windows, slots, hidden), number in zip(self.plan, self.numbers, strict=True):
            factors = tuple([read(f, Factor) for f in slots])
            if isinstance(number, Tensor):  # in compiled code numbers are values
                factors, number = (*factors, factor_of(number)), 1
            reads = tuple([read(i, At) if isinstance(i, _Slot) else i for i in index])
            found.append(Term(0, reads, windows, factors, hidden, number))
        return tuple(found)

    @property
    def dims(self) -> tuple[str, ...]:
        return self.order[0]

    @property
    def domain(self) -> Shape:
        return self.shape

    @property
    def range(self) -> Shape:
        return self.to

    def __call__(self, x: Tensor) -> Tensor:
        check_sizes(x, self.shape)
        return apply_terms(self.terms, x, self.shape, self.to)

    def adjoint(self) -> LinearOperator:
        if self.symmetric:
            return self
        if not all(t.is_shift for t in self.terms):
            from .sparse import sparse_matrix

            return sparse_matrix(self.terms, self.shape, self.to).adjoint()
        terms = transposed_terms(self.terms, self.shape, self.to)
        if not terms:  # they cancel
            return Zero(self.to, self.shape)
        result = TracedOperator.of(terms, self.to, self.shape)
        object.__setattr__(result, "transpose_of", self)
        return result

    def diagonal(self) -> Tensor:
        from .diagonal import diagonal_of

        if self.shape != self.to:
            raise NotImplementedError(f"An operator from {self.shape} to {self.to} has no diagonal.")
        return diagonal_of(self.terms, self.shape, _placed)


def apply_terms(terms: Any, x: Tensor, shape: Shape, to: Shape) -> Any:
    """The sum of terms of x, with the dims `to` in place of `shape`."""
    apart = next((d for d in to.names if _is_apart(terms, d)), None)
    if apart is not None:
        return _by_items(terms, x, shape, to, apart)
    if x.is_recording:
        terms = [_with_own_sums(t) for t in terms]
    x = _named_as(x, _unnamed(shape))  # items may be read at the places of others
    parts: dict[Any, Any] = {}
    for term in terms:
        value = _read(term, x, shape, to)
        if term.hidden:
            value = contracted(term, value, to)
        else:
            factor = coefficient(term, to, None)  # type: ignore[arg-type]
            if isinstance(factor, Tensor) or factor != 1 or isinstance(factor, bool):
                value = value * factor
        found = parts.get(term.windows)
        parts[term.windows] = value if found is None else found + value
    total: Any = None
    for windows, value in parts.items():
        placed = _placed(value, windows, to)
        total = placed if total is None else total + placed
    missing = to.without(total.shape)
    return _named_as(expand(total, missing) if missing else total, to)


def _with_own_sums(term: Term) -> Term:
    """The term with names of hidden dims that no trace gives: those of another trace may have the same ones."""
    names = {n: f"_over{k}" for k, (n, _) in enumerate(term.hidden)}
    return term.renamed(names)._replace(hidden=tuple([(names[n], size) for n, size in term.hidden])) if names else term


def _unnamed(dims: Shape) -> Shape:
    """The dims without names of items."""
    for n in dims.names:
        dims = dims.with_item_names(n, None)
    return dims


def _named_as(x: Tensor, dims: Shape) -> Tensor:
    """x with the names of items that its dims have in `dims`."""

    def named(shape: Shape) -> Shape:
        for n in dims.names:
            if n in shape.names and shape.get_item_names(n) != dims.get_item_names(n):
                shape = shape.with_item_names(n, dims.get_item_names(n))
        return shape

    if named(x.shape) is x.shape:
        return x
    if isinstance(x, Linear):
        return x.with_(named(x.shape), bias=x.bias)
    block = as_dense(x)
    return Dense(block.native_array, block.spec.with_dims(named(block.spec.stored), named(block.spec.shape)))


def _is_apart(terms: Any, dim: str) -> bool:
    """Whether each term contributes to one item along a dim, as those of the components of a vector."""
    return all(any(d == dim and stop - start == 1 for d, start, stop in t.windows) for t in terms)


def _by_items(terms: Any, x: Tensor, shape: Shape, to: Shape, dim: str) -> Any:
    """The items along a dim one by one, stacked."""
    rest = to.without(dim)
    size: Any = to.get_size(dim)
    found: list[Any] = [[t for t in (t.at(dim, k, size) for t in terms) if t is not None] for k in range(size)]
    parts = [apply_terms(some, x, shape, rest) if some else None for some in found]
    zero = next(p for p in parts if p is not None) * 0
    joined = stack([zero if p is None else p for p in parts], to[dim], expand_values=True)
    return joined if joined.is_recording else as_dense(joined)


def _placed(value: Tensor, windows: Any, to: Shape) -> Tensor:
    """A value in its window, zeros elsewhere."""
    windows = [w for w in windows if w[0] in to.names]
    if not windows:
        return value
    missing = [to[d].with_size(b - a).with_item_names(d, None) for d, a, b in windows if d not in value.shape.names]
    if missing:
        value = expand(value, concat_shapes(*missing))
    return pad(value, {d: (a, to.get_size(d) - b) for d, a, b in windows}, 0)


def _read(term: Term, x: Tensor, shape: Shape, to: Shape) -> Any:
    """x at the positions of a term, over its window and hidden dims."""
    sizes = {n: to.get_size(n) for n in to.names}
    sizes.update(term.hidden)
    missing = shape.without(x.shape)
    if missing:
        x = expand(x, missing)
    names = shape.names
    listed = [n for n, i in zip(names, term.index) if isinstance(i, At)]
    if listed:  # no name of x may be one of the dims of the positions
        own = {n: f"_in{k}" for k, n in enumerate(names)}
        x = rename_dims(x, ",".join(own), tuple(own.values()))
        names = tuple(own.values())
    renames: dict[str, str] = {}
    for n, i in zip(names, term.index):
        size: Any = x.shape.get_size(n)
        if isinstance(i, Along):
            start, stop = term.window(i.dim, sizes[i.dim])
            if (start + i.offset, stop + i.offset) != (0, size):
                x = x[{n: slice(start + i.offset, stop + i.offset)}]
            if n != i.dim:
                renames[n] = i.dim
        elif not isinstance(i, At):
            x = x[{n: i}]
    if listed:
        at = [(n, factor_values(i, term, sizes, to)) for n, i in zip(names, term.index) if isinstance(i, At)]
        at = [
            (n, rename_dims(v, ",".join(v.shape.names), tuple(f"_at{d}" for d in v.shape.names)) if v.shape else v)
            for n, v in at
        ]
        renames |= {f"_at{d}": d for _, v in at for d in (m.removeprefix("_at") for m in v.shape.names)}
        if len(at) == 1:
            x = gather(x, at[0][1], at[0][0])
        else:
            indices = stack([v for _, v in at], channel(_index=",".join(n for n, _ in at)), expand_values=True)
            x = gather(x, indices, ",".join(n for n, _ in at), "_index")
    if renames:
        dims = [
            to[d].with_size(None).with_item_names(d, None) if d in to.names else instance(d) for d in renames.values()
        ]
        x = rename_dims(x, ",".join(renames), concat_shapes(*dims))
    return x
