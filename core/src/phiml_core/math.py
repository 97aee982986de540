"""The functions of tensors, under the names that users of PhiML know: `from phiml_core import math`."""

from phiml_core.backend import backend, get_precision, precision, set_precision, use
from phiml_core.ops.create import (
    arange,
    convert,
    full,
    linspace,
    meshgrid,
    ones,
    ones_like,
    range_tensor,
    reshaped_tensor,
    tensor,
    vec,
    wrap,
    zeros,
    zeros_like,
)
from phiml_core.ops.elementwise import (
    abs_,
    arccos,
    arcsin,
    arctan,
    cast,
    ceil,
    clip,
    conjugate,
    cos,
    cosh,
    divide_no_nan,
    erf,
    exp,
    floor,
    imag,
    is_finite,
    is_inf,
    is_nan,
    log,
    log1p,
    log2,
    log10,
    maximum,
    minimum,
    real,
    round_,
    safe_div,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    to_complex,
    to_float,
    to_int32,
    to_int64,
    where,
)
from phiml_core.ops.pad import pad
from phiml_core.ops.reduce import (
    all_,
    any_,
    argmax,
    argmin,
    cumulative_sum,
    l1_loss,
    l2_loss,
    max_,
    mean,
    min_,
    prod,
    sort,
    std,
    sum_,
    variance,
)
from phiml_core.ops.slicing import slice_
from phiml_core.ops.structure import (
    concat,
    expand,
    flip,
    pack_dims,
    rename_dims,
    roll,
    stack,
    store,
    unpack_dim,
    unstack,
)
from phiml_core.ops.vector import cross_product, dot, normalize, rotate_vector, vec_length, vec_normalize, vec_squared
from phiml_core.shape import (
    EMPTY,
    Shape,
    batch,
    channel,
    concat_shapes,
    dual,
    instance,
    merge_shapes,
    non_batch,
    non_channel,
    non_dual,
    non_instance,
    non_primal,
    non_spatial,
    primal,
    shape,
    spatial,
)
from phiml_core.tensor import Tensor
from phiml_core.transform import (
    check_gradient,
    cond,
    custom_gradient,
    forget_traces,
    fori_loop,
    gradient,
    iterate,
    jit_compile,
    scan,
    stop_gradient,
    trace_count,
    value_and_gradient,
    while_loop,
)

abs = abs_  # noqa: A001  the names of Python's built-ins, for users of `math.`; a star import does not carry them
sum = sum_  # noqa: A001
max = max_  # noqa: A001
min = min_  # noqa: A001
any = any_  # noqa: A001
all = all_  # noqa: A001
round = round_  # noqa: A001
atan2 = arctan

__all__ = [
    name
    for name in dir()
    if not name.startswith("_") and name not in {"abs", "sum", "max", "min", "any", "all", "round"}
]
