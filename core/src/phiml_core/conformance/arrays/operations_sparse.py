"""Sparse tensors, whose values are inputs and whose positions are known."""

from phiml_core import math
from phiml_core.math import channel, dual, instance, spatial, wrap

from .operation import operation

FORMATS = ("coo", "csr", "csc", "compact-cols", "compact-rows")


def matrix(values, format, names="x,~c"):
    """A matrix with five entries of a tensor with the dim x, of 4 rows and 3 columns."""
    row, column = (n.strip() for n in names.split(","))
    index = wrap([[0, 2], [3, 0], [0, 0], [2, 1], [3, 2]], instance("e"), channel(index=(row, column)))
    chosen = values.x[[0, 1, 2, 3, 1]]
    entries = math.rename_dims(chosen, "x", instance("e"))
    return math.sparse_tensor(
        index, entries, spatial(**{row: 4}) & dual(**{column.removeprefix("~"): 3}), format=format
    )


@operation("sparse_tensor to_format dense get_format is_sparse get_sparsity", moving="b", second=False)
def sparse_formats(b):
    made = [matrix(b, f) for f in FORMATS]
    other = [math.to_format(m, f) for m, f in zip(made, (*FORMATS[1:], FORMATS[0]))]
    assert [math.get_format(m) for m in made] == list(FORMATS) and all(map(math.is_sparse, made))
    assert all(0 < math.get_sparsity(m) < 1 for m in made)
    return [math.dense(m) for m in (*made, *other)]


@operation("matmul", moving="b s")
def sparse_by_dense(b, s):
    x = math.rename_dims(s.x[:3], "x", spatial("c"))
    back = [
        x.y[0] @ math.rename_dims(matrix(b, f), "x,~c", math.concat_shapes(dual("x"), spatial("c"))) for f in FORMATS
    ]
    return [*[matrix(b, f) @ x for f in FORMATS], *[matrix(s, f) @ x for f in FORMATS], *back]


@operation(moving="b s")
def sparse_by_sparse(b, s):
    right = math.rename_dims(matrix(s.y[1], "csr", "x,~z"), "x,~z", math.concat_shapes(dual("d"), spatial("c")))
    return [math.dense(matrix(b, f) @ right) for f in FORMATS]


@operation(moving="b s", second=False)
def sparse_elementwise(b, s):
    m, other = matrix(b, "csr"), matrix(s.y[2], "coo")
    return [
        *(math.dense(t) for t in (m * 2, -m, m / 4, abs(m), m + m, m * s.y[0], m + other, m - other)),
        *(math.dense(t) for t in (math.maximum(m, other), math.where(s.y[1] > 0.5, m, other))),
    ]


@operation("stored_values stored_indices tensor_like", moving="b", second=False)
def sparse_lists(b):
    m = matrix(b, "compact-cols")
    return [math.stored_values(m), math.dense(math.tensor_like(m, math.stored_values(m) + 1)), math.stored_indices(m)]


@operation(moving="b", second=False)
def sparse_reductions(b):
    m, full = matrix(b, "csr"), matrix(b, "compact-rows")
    return [
        *(m.sum, math.sum_(m, "x"), math.sum_(m, "~c"), math.sum_(full, "x"), math.mean(m), math.mean(m, "~c").x[2:]),
        *(math.max_(m, "~c").x[2:], math.min_(m, "x"), math.max_(m), math.any_(m > 0.5, "x"), math.all_(m > 0.1)),
    ]


@operation(moving="b s", second=False)
def sparse_structure(b, s):
    m, other = matrix(b, "csr"), matrix(s.y[2], "coo")
    parts = [m.x[3], m.x[1:], m.x[::-2], m[{"~c": [2, 0, 2]}], math.flip(m, "x"), math.roll(m, {"~c": 1})]
    joined = [math.concat([m, m], "x"), math.concat([m, other], "~c"), math.stack([m, other], channel("k"))]
    packed = math.pack_dims(math.unpack_dim(m, "x", spatial(p=2, q=2)), "q,p", spatial("x"))
    return [math.dense(t) for t in (*parts, *joined, packed, math.expand(m, channel(k=2)))]


@operation("nonzero", fixed=False, batched=False)
def sparse_positions(n, s):
    known = math.where(s > 0.5, s, 0.0)
    rows = math.to_format(math.rename_dims(known, "y", dual("y")), "csr")
    return [math.nonzero(n), math.nonzero(rows), math.dense(rows)]
