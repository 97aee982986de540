"""Systems whose unknowns are trees of tensors: grids, dictionaries of grids, tensors whose items differ in size.

Where each tensor of the result depends on one tensor of the unknown, these are systems of their own, and each is solved by what its
structure allows.  Else all are packed into one vector.
"""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import concat, expand, instance, pack_dims, unpack_dim, zeros, zeros_like
from phiml_core.shape import Shape, merge_shapes
from phiml_core.solve import LinearJit, LinearProblem, LinearTreeProblem, Solve, solve, solve_tree
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import children

from .assemble import assemble, assemble_between
from .operator.elementary import Zero
from .operator.linear import LinearOperator
from .trace.matrix import TreeOperator, matrix_and_bias
from .trace.tree import keys_of, leaves_of, with_leaves

__all__ = ["PackedOperator", "UnfitTree"]

UNKNOWN = "unknown"


class UnfitTree(ValueError):
    """The tree of a right-hand side is not that of the results of the function."""


@solve_tree.dispatch
def _(problem: LinearTreeProblem, algorithm, settings):
    rhs, x0 = problem.rhs, problem.x0
    like = x0 if _is_like_the_unknown(x0, rhs) else rhs
    operator = problem.operator
    if isinstance(operator, TreeOperator):
        bias: Any = None
    elif isinstance(operator, LinearJit):
        operator, bias = operator.sparse_matrix_and_bias(like)
    else:
        operator, bias = matrix_and_bias(operator, (like,), {}, ())
    right = leaves_of(rhs)
    if len(right) != len(operator.blocks) or len(operator.blocks[0]) != len(leaves_of(like)):
        raise UnfitTree(
            f"The function makes {len(operator.blocks)} tensors of {len(leaves_of(like))}, but the right-hand side holds {len(right)}.  "
            "Give a right-hand side like the results of the function, and if its tree is another than that of the unknown, a first "
            "guess: Solve(x0=…)."
        )
    made, given = keys_of(operator.template), keys_of(rhs)
    if made != given:
        raise UnfitTree(
            f"The function returns a tree with the keys {made}, but those of the right-hand side are {given}.  Name them alike."
        )
    if bias is not None:
        right = [y - b for y, b in zip(right, leaves_of(bias), strict=True)]
    guess: list[Any] = [None] * len(leaves_of(like)) if x0 is None else _guess(x0, like)
    rows = range(len(right))
    if len(right) == len(guess) and all(operator.blocks[i][j] is None for i in rows for j in rows if i != j):
        apart = [operator.blocks[i][i] or Zero(right[i].shape.non_batch) for i in rows]
        found = [solve(LinearProblem(apart[i], right[i], guess[i]), algorithm, settings) for i in rows]
        return with_leaves(like, iter([x for x, _ in found])), [info for _, info in found]
    x, info = _packed(operator, like, right, guess if x0 is not None else None, algorithm, settings)
    return with_leaves(like, iter(x)), [info]


def _is_like_the_unknown(x0: Any, rhs: Any) -> bool:
    """Whether a first guess says what the unknown is like: a grid brings its boundary, a tensor may be mapped to several."""
    return children(x0) is not None or (isinstance(x0, Tensor) and isinstance(rhs, (dict, list, tuple)))


def _guess(x0: Any, like: Any) -> list[Any]:
    """The first guess of each tensor; a number is the same everywhere."""
    return leaves_of(x0) if like is x0 else [zeros_like(leaf) + x0 for leaf in leaves_of(like)]


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, LinearOperator)


def _packing(function: Any, tree: Any, domains: tuple[Shape, ...], ranges: tuple[Shape, ...]) -> Any:
    """A preconditioner that maps trees like the right-hand side to trees like the unknown, as one of vectors."""

    def preconditioner(r: Tensor) -> Tensor:
        found = function(with_leaves(tree, iter(unpack(r, ranges))))
        return pack(leaves_of(found), domains)

    preconditioner.__name__ = getattr(function, "__name__", "function")
    return preconditioner


def _packed(operator: TreeOperator, tree: Any, right: Any, guess: Any, algorithm: Any, settings: Solve) -> Any:
    like = leaves_of(tree)
    coupled = _coupled(operator, [*like, *right])
    columns = zip(*operator.blocks, strict=True)
    domains = tuple([_dims([b.domain for b in c if b is not None], x, coupled) for c, x in zip(columns, like)])
    ranges = tuple([_dims([b.range for b in r if b is not None], y, coupled) for r, y in zip(operator.blocks, right)])
    packed = PackedOperator(operator.blocks, domains, ranges)
    x0 = None if guess is None else pack(guess, domains)
    if _is_function(settings.preconditioner):
        settings = settings.with_(preconditioner=_packing(settings.preconditioner, tree, domains, ranges))
    x, info = solve(LinearProblem(packed, pack(right, ranges), x0), algorithm, settings)
    return unpack(x, domains), info


def _coupled(operator: TreeOperator, leaves: list[Tensor]) -> set[str]:
    """The dims along which elements depend on each other, or that some tensors lack; all others count independent systems."""
    blocks = [b for row in operator.blocks for b in row if b is not None]
    names = {n for b in blocks for s in (b.domain, b.range) if s is not None for n in s.names}
    there = [set(leaf.shape.non_batch.names) for leaf in leaves]
    return names.union(*there) - (set.intersection(*there) - names)


def _dims(known: list[Shape | None], leaf: Tensor, coupled: set[str]) -> Shape:
    """The dims of a tensor that are packed, which a right-hand side that is the same everywhere may lack."""
    own = leaf.shape.non_batch
    return merge_shapes(own.only([n for n in own.names if n in coupled]), *[s for s in known if s is not None])


def pack(leaves: Any, shapes: tuple[Shape, ...]) -> Tensor:
    """One vector of all elements along the dims of `shapes`, in row-major order of these."""
    others = merge_shapes(*[leaf.shape.without(s) for leaf, s in zip(leaves, shapes, strict=True)])
    parts = []
    for leaf, shape in zip(leaves, shapes, strict=True):
        full = expand(leaf, merge_shapes(others, shape))
        parts.append(pack_dims(full, shape, instance(UNKNOWN)) if shape else expand(full, instance(**{UNKNOWN: 1})))
    return concat(parts, UNKNOWN) if len(parts) > 1 else parts[0]


def unpack(x: Tensor, shapes: tuple[Shape, ...]) -> list[Tensor]:
    """The tensors that `pack` joins."""
    found, start = [], 0
    for shape in shapes:
        stop = start + int(shape.volume)  # type: ignore[arg-type]
        part = x[{UNKNOWN: slice(start, stop)}]
        found.append(unpack_dim(part, UNKNOWN, shape) if shape else part[{UNKNOWN: 0}])
        start = stop
    return found


@dataclass(frozen=True, eq=False)
class PackedOperator(LinearOperator):
    """Blocks of operators on one vector along the dim `unknown`.

    Attributes:
        blocks: for each output the operator for each input, or None for zero.
        domains, ranges: dims of the inputs and outputs.
    """

    blocks: tuple[tuple[Any, ...], ...]
    domains: tuple[Shape, ...]
    ranges: tuple[Shape, ...]

    __value_attrs__ = ("blocks",)

    @property
    def dims(self) -> tuple[str, ...]:
        return (UNKNOWN,)

    @property
    def domain(self) -> Shape:
        return instance(**{UNKNOWN: sum(int(s.volume) for s in self.domains)})  # type: ignore[arg-type, misc]

    @property
    def range(self) -> Shape:
        return instance(**{UNKNOWN: sum(int(s.volume) for s in self.ranges)})  # type: ignore[arg-type, misc]

    def __call__(self, x: Tensor) -> Tensor:
        parts = unpack(x, self.domains)
        results = []
        for row, shape in zip(self.blocks, self.ranges, strict=True):
            images = [b(p) for b, p in zip(row, parts, strict=True) if b is not None]
            total = images[0] if images else expand(x[{UNKNOWN: 0}] * 0, shape)
            for image in images[1:]:
                total = total + image
            results.append(total)
        return pack(results, self.ranges)

    def adjoint(self) -> LinearOperator:
        blocks = tuple([tuple([None if b is None else b.adjoint() for b in column]) for column in zip(*self.blocks)])
        return PackedOperator(blocks, self.ranges, self.domains)

    def diagonal(self) -> Tensor:
        parts = []
        for i, (row, shape) in enumerate(zip(self.blocks, self.ranges, strict=True)):
            parts.append(zeros(shape) if row[i] is None else expand(row[i].diagonal(), shape))
        return pack(parts, self.ranges)


@assemble.dispatch
def _(operator: PackedOperator):
    from scipy.sparse import block_array, coo_array

    def matrix(block: Any, rows: Shape, columns: Shape) -> Any:
        return coo_array((rows.volume, columns.volume)) if block is None else assemble_between(block, columns, rows)

    return block_array(
        [
            [matrix(b, rows, columns) for b, columns in zip(row, operator.domains, strict=True)]
            for row, rows in zip(operator.blocks, operator.ranges, strict=True)
        ]
    )
