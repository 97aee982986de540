"""The functions of tensors, under the names that users of PhiML know: `from phiml_core import math`."""

from phiml_core.backend import LeakedTensor, backend, get_precision, precision, set_precision, use
from phiml_core.ops.along import argmax, argmin, cumulative_sum, sort
from phiml_core.ops.compare import assert_close, close, is_scalar
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
from phiml_core.ops.differences import (
    laplace,
    neighbor_max,
    neighbor_mean,
    neighbor_min,
    neighbor_reduce,
    shift,
    spatial_gradient,
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
from phiml_core.ops.gather import boolean_mask, gather
from phiml_core.ops.interpolate import closest_grid_values, grid_sample
from phiml_core.ops.join import concat, stack
from phiml_core.ops.matmul import matmul
from phiml_core.ops.pad import pad
from phiml_core.ops.random import fold_in, random_key, random_normal, random_permutation, random_uniform, seed, split
from phiml_core.ops.reduce import (
    all_,
    any_,
    l1_loss,
    l2_loss,
    max_,
    mean,
    min_,
    prod,
    std,
    sum_,
    variance,
)
from phiml_core.ops.rename import rename_dims
from phiml_core.ops.reorder import flip, pack_dims, roll, unpack_dim
from phiml_core.ops.repeat import expand, store
from phiml_core.ops.reshaped import reshaped_native, reshaped_numpy
from phiml_core.ops.rotation import rotate_vector, rotation_matrix
from phiml_core.ops.scatter import scatter
from phiml_core.ops.slicing import slice_
from phiml_core.ops.sparse import (
    dense,
    from_native,
    from_scipy,
    get_format,
    get_sparsity,
    is_sparse,
    native_sparse,
    nonzero,
    sparse_tensor,
    stored_indices,
    stored_values,
    tensor_like,
    to_format,
    to_scipy,
)
from phiml_core.ops.spectral import (
    dct,
    dst,
    fft,
    fftfreq,
    fourier_laplace,
    fourier_poisson,
    idct,
    idst,
    ifft,
    spectral_scale,
)
from phiml_core.ops.statistics import median, quantile
from phiml_core.ops.unstack import unstack
from phiml_core.ops.vector import cross_product, dot, normalize, vec_length, vec_normalize, vec_squared
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
from phiml_core.solve import (
    ConvergenceException,
    Diverged,
    EmptySystem,
    Incompatible,
    Indefinite,
    LinearProblem,
    NotConverged,
    NotFinite,
    NotSymmetric,
    PrecisionLimit,
    SingularOperator,
    Solve,
    SolveInfo,
    SolveTape,
    jit_compile_linear,
    matrix_from_function,
    record_solves,
    solve,
    solve_linear,
)
from phiml_core.tensor import Tensor
from phiml_core.transform import (
    batch_jacobian,
    check_gradient,
    checkpoint,
    cond,
    custom_gradient,
    forget_traces,
    fori_loop,
    gradient,
    hessian,
    iterate,
    jacobian,
    jit_compile,
    jvp,
    map_,
    map_c2b,
    map_c2d,
    map_d2b,
    map_d2c,
    map_i2b,
    map_pairs,
    map_s2b,
    map_types,
    print_gradient,
    scan,
    stop_gradient,
    trace_check,
    trace_count,
    value_and_gradient,
    vjp,
    when_available,
    while_loop,
)

abs = abs_
map = map_
sum = sum_
max = max_
min = min_
any = any_
all = all_
round = round_
atan2 = arctan

__all__ = [
    "ConvergenceException", "Diverged", "EMPTY", "EmptySystem", "Incompatible", "Indefinite", "LeakedTensor",
    "LinearProblem",
    "NotConverged", "NotFinite", "NotSymmetric", "PrecisionLimit", "Shape", "SingularOperator", "Solve", "SolveInfo", "SolveTape",
    "Tensor", "abs_", "all_", "any_", "arange", "arccos", "arcsin", "arctan", "argmax", "argmin", "assert_close",
    "atan2", "backend", "batch", "batch_jacobian", "boolean_mask", "cast", "ceil", "channel", "check_gradient",
    "checkpoint", "clip", "close", "closest_grid_values", "concat", "concat_shapes", "cond", "conjugate", "convert",
    "cos", "cosh", "cross_product", "cumulative_sum", "custom_gradient", "dct", "dense", "divide_no_nan", "dot",
    "dst", "dual", "erf", "exp", "expand", "fft", "fftfreq", "flip", "floor", "fold_in", "forget_traces",
    "fori_loop", "fourier_laplace", "fourier_poisson", "from_native", "from_scipy", "full", "gather", "get_format",
    "get_precision", "get_sparsity", "gradient", "grid_sample", "hessian", "idct", "idst", "ifft", "imag",
    "instance", "is_finite", "is_inf", "is_nan", "is_scalar", "is_sparse", "iterate", "jacobian", "jit_compile",
    "jit_compile_linear", "jvp", "l1_loss", "l2_loss", "laplace", "linspace", "log", "log10", "log1p", "log2",
    "map_", "map_c2b", "map_c2d", "map_d2b", "map_d2c", "map_i2b", "map_pairs", "map_s2b", "map_types", "matmul",
    "matrix_from_function", "max_", "maximum", "mean", "median", "merge_shapes", "meshgrid", "min_", "minimum",
    "native_sparse", "neighbor_max", "neighbor_mean", "neighbor_min", "neighbor_reduce", "non_batch", "non_channel",
    "non_dual", "non_instance", "non_primal", "non_spatial", "nonzero", "normalize", "ones", "ones_like",
    "pack_dims", "pad", "precision", "primal", "print_gradient", "prod", "quantile", "random_key", "random_normal",
    "random_permutation", "random_uniform", "range_tensor", "real", "record_solves", "rename_dims",
    "reshaped_native", "reshaped_numpy", "reshaped_tensor", "roll", "rotate_vector", "rotation_matrix", "round_", "safe_div", "scan",
    "scatter", "seed", "set_precision", "shape", "shift", "sigmoid", "sign", "sin", "sinh", "slice_", "solve",
    "solve_linear", "sort", "sparse_tensor", "spatial", "spatial_gradient", "spectral_scale", "split", "sqrt",
    "stack", "std", "stop_gradient", "store", "stored_indices", "stored_values", "sum_", "tan", "tanh", "tensor",
    "tensor_like", "to_complex", "to_float", "to_format", "to_int32", "to_int64", "to_scipy", "trace_check",
    "trace_count", "unpack_dim", "unstack", "use", "value_and_gradient", "variance", "vec", "vec_length",
    "vec_normalize", "vec_squared", "vjp", "when_available", "where", "while_loop", "wrap", "zeros", "zeros_like",
]  # fmt: skip
