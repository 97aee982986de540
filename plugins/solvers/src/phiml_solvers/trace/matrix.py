"""Operator and offset of affine functions of trees."""

import inspect
from dataclasses import dataclass
from typing import Any

from phiml_core.math import expand
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from ..operator.linear import LinearOperator
from .finish import operator_of
from .linear import Linear, argument, called, zeros_like
from .term import Source, Term
from .tree import leaves_of, with_leaves

__all__ = ["TreeOperator", "matrix_and_bias"]


@dataclass(frozen=True, eq=False)
class TreeOperator(LinearOperator):
    """An operator on trees of tensors: one operator for each pair of an output and an input tensor.

    Attributes:
        blocks: for each output tensor, for each input tensor the operator, or None for zero.
        template: a tree like the result.
        source: a tree like the argument, of which fields pass on what is no value.
    """

    blocks: tuple[tuple[Any, ...], ...]
    template: Any
    source: Any

    __value_attrs__ = ("blocks", "template", "source")

    def __call__(self, x: Any, *more: Any) -> Any:
        leaves = leaves_of((x, *more) if more else x)
        if self.blocks and len(leaves) != len(self.blocks[0]):
            raise TypeError(f"This operator acts on trees of {len(self.blocks[0])} tensors, not of {len(leaves)}.")
        results = []
        like = leaves_of(self.template)
        for row, zero in zip(self.blocks, like, strict=True):
            total: Any = None
            for block, leaf in zip(row, leaves, strict=True):
                if block is not None:
                    part = block(leaf)
                    total = part if total is None else total + part
            results.append(zero if total is None else expand(total, zero.shape.without(total.shape)))
        return with_leaves(self.template, iter(results))

    def adjoint(self) -> LinearOperator:
        blocks = tuple([tuple([None if b is None else b.adjoint() for b in column]) for column in zip(*self.blocks)])
        return TreeOperator(blocks, self.source, self.template)


def _zeros(tree: Any) -> Any:
    return with_leaves(tree, iter([zeros_like(leaf) for leaf in leaves_of(tree)]))


def matrix_and_bias(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], auxiliary: tuple[str, ...]
) -> tuple[Any, Any]:
    """The operator and the offset of an affine function; see `phiml_core.math.matrix_from_function`."""
    names = _names(f, args)
    linear = [i for i, n in enumerate(names) if n not in auxiliary]
    given = tuple(args[i] for i in linear)
    leaves = leaves_of(given)
    if not leaves:
        raise TypeError("No argument of the function to trace holds a tensor.  Name fewer auxiliary_args.")
    source = Source(leaves)
    traced = [argument(source, i, leaf.dtype) for i, leaf in enumerate(leaves)]
    replaced = with_leaves(given, iter(traced))
    full = list(args)
    for i, value in zip(linear, replaced, strict=True):
        full[i] = value
    result = called(f, *full, **kwargs)
    outputs = leaves_of(result)
    rows, biases = [], []
    for out in outputs:
        terms = out.terms if isinstance(out, Linear) else ()
        row = []
        for i, leaf in enumerate(leaves):
            mine = tuple([t._replace(leaf=0) for t in terms if t.leaf == i])
            row.append(_block(mine, leaf.shape, out.shape) if mine else None)
        rows.append(tuple(row))
        biases.append(_bias(out))
    bias = with_leaves(result, iter(biases))
    if (
        len(given) == 1
        and isinstance(given[0], Tensor)
        and len(leaves) == 1
        and isinstance(result, Tensor)
        and len(outputs) == 1
    ):
        operator = rows[0][0]
        return (operator if operator is not None else operator_of((), leaves[0].shape, outputs[0].shape)), bias
    template = with_leaves(result, iter([zeros_like(out) for out in outputs]))  # type: ignore[arg-type]
    return TreeOperator(tuple(rows), template, _zeros(given[0] if len(given) == 1 else given)), bias


def _block(terms: tuple[Term, ...], shape: Shape, to: Shape) -> LinearOperator:
    """The operator of one input, without the examples that coefficients of other inputs make."""
    fixed = [n for n in to.batch.without(shape).names if not any(t.varies(n) or _has_window(t, n) for t in terms)]
    return operator_of(terms, shape, to.without(fixed))


def _has_window(term: Term, dim: str) -> bool:
    return any(w[0] == dim for w in term.windows)


def _bias(out: Any) -> Any:
    if not isinstance(out, Linear):
        return out
    return zeros_like(out) if out.bias is None else out.full_bias()


def _names(f: Any, args: tuple[Any, ...]) -> list[str]:
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return [f"#{i}" for i in range(len(args))]
    names = []
    for i in range(len(args)):
        if i < len(parameters) and parameters[i].kind is not inspect.Parameter.VAR_POSITIONAL:
            names.append(parameters[i].name)
        else:
            names.append(f"#{i}")
    return names
