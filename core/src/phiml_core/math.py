"""The functions of tensors, under the names that users of PhiML know: `from phiml_core import math`."""

import math as _math

from phiml_core import extrapolation
from phiml_core.backend import DType, LeakedTensor, NoGradient, backend, get_precision, precision, set_precision, use
from phiml_core.extrapolation import Extrapolation, as_extrapolation
from phiml_core.ops.along import argmax, argmin, cumulative_sum, sort
from phiml_core.ops.compare import always_close, assert_close, close, equal, is_scalar
from phiml_core.ops.convolve import convolve
from phiml_core.ops.create import convert, reshaped_tensor, tensor, vec, wrap
from phiml_core.ops.differences import (
    laplace,
    neighbor_max,
    neighbor_mean,
    neighbor_min,
    neighbor_reduce,
    neighbor_sum,
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
from phiml_core.ops.exchange import (
    all_available,
    choose_backend,
    dtype,
    is_none,
    is_numeric,
    native,
    native_call,
    numpy,
    perf_counter,
    print_,
    to_device,
)
from phiml_core.ops.extremum import (
    at_max,
    at_min,
    contains,
    count_occurrences,
    find_closest,
    pairwise_differences,
    pairwise_distances,
)
from phiml_core.ops.files import from_dict, load, save, to_dict
from phiml_core.ops.fill import arange, full, linspace, meshgrid, ones, ones_like, range_tensor, zeros, zeros_like
from phiml_core.ops.finite import finite_max, finite_mean, finite_min, finite_std, finite_sum, nan_to_0
from phiml_core.ops.gather import boolean_mask, gather
from phiml_core.ops.interpolate import closest_grid_values, grid_sample
from phiml_core.ops.join import concat, stack
from phiml_core.ops.matmul import matmul
from phiml_core.ops.pad import pad
from phiml_core.ops.random import fold_in, random_key, random_normal, random_permutation, random_uniform, seed, split
from phiml_core.ops.rearrange import (
    const_vec,
    dim_mask,
    flatten,
    index_shift,
    pad_to_uniform,
    ravel_index,
    replace_dims,
    slice_off,
    squeeze,
    unravel_index,
)
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
from phiml_core.ops.resolution import downsample2x, sample_subgrid, upsample2x
from phiml_core.ops.rotation import rotate_vector, rotation_matrix
from phiml_core.ops.scatter import scatter
from phiml_core.ops.short import (
    b2i,
    brange,
    c2b,
    c2d,
    cpack,
    crange,
    csize,
    d2i,
    d2s,
    dpack,
    drange,
    dsize,
    i2b,
    ipack,
    irange,
    isize,
    p2d,
    s2b,
    si2d,
    spack,
    srange,
    ssize,
    tcat,
)
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
from phiml_core.ops.special import (
    abs_square,
    angle,
    arccosh,
    arcsinh,
    arctanh,
    degrees_to_radians,
    factorial,
    log_gamma,
    radians_to_degrees,
    safe_mul,
    soft_plus,
    softmax,
)
from phiml_core.ops.spectral import (
    dct,
    dst,
    fft,
    fftfreq,
    fourier_laplace,
    fourier_poisson,
    frequency_loss,
    idct,
    idst,
    ifft,
    spectral_scale,
)
from phiml_core.ops.statistics import median, quantile
from phiml_core.ops.unstack import unstack
from phiml_core.ops.vector import (
    clip_length,
    cross_product,
    dot,
    norm,
    normalize,
    normalize_to,
    squared_norm,
    vec_length,
    vec_normalize,
    vec_squared,
)
from phiml_core.shape import (
    EMPTY,
    IncompatibleShapes,
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
from phiml_core.tree.change import copy, identity, replace

abs = abs_
map = map_
sum = sum_
max = max_
min = min_
any = any_
all = all_
round = round_
atan2 = arctan
print = print_
slice = slice_
range = arange
cross = cross_product
rand = random_uniform
randn = random_normal
set_global_precision = set_precision
PI = _math.pi
INF = _math.inf
NAN = _math.nan

__all__ = [
    "ConvergenceException", "DType", "Diverged", "EMPTY", "EmptySystem", "Extrapolation", "INF", "Incompatible",
    "IncompatibleShapes", "Indefinite", "LeakedTensor", "LinearProblem", "NAN", "NoGradient", "NotConverged", "NotFinite",
    "NotSymmetric", "PI", "PrecisionLimit", "Shape", "SingularOperator", "Solve", "SolveInfo", "SolveTape", "Tensor",
    "abs_", "abs_square", "all_", "all_available", "always_close", "angle", "any_", "arange", "arccos", "arccosh",
    "arcsin", "arcsinh", "arctan", "arctanh", "argmax", "argmin", "as_extrapolation", "assert_close", "at_max",
    "at_min", "atan2", "b2i", "backend", "batch", "batch_jacobian", "boolean_mask", "brange", "c2b", "c2d", "cast",
    "ceil", "channel", "check_gradient", "checkpoint", "choose_backend", "clip", "clip_length", "close",
    "closest_grid_values", "concat", "concat_shapes", "cond", "conjugate", "const_vec", "contains", "convert",
    "convolve", "copy", "cos", "cosh", "count_occurrences", "cpack", "crange", "cross", "cross_product", "csize",
    "cumulative_sum", "custom_gradient", "d2i", "d2s", "dct", "degrees_to_radians", "dense", "dim_mask",
    "divide_no_nan", "dot", "downsample2x", "dpack", "drange", "dsize", "dst", "dtype", "dual", "equal", "erf", "exp",
    "expand", "extrapolation", "factorial", "fft", "fftfreq", "find_closest", "finite_max", "finite_mean",
    "finite_min", "finite_std", "finite_sum", "flatten", "flip", "floor", "fold_in", "forget_traces", "fori_loop",
    "fourier_laplace", "fourier_poisson", "frequency_loss", "from_dict", "from_native", "from_scipy", "full",
    "gather", "get_format", "get_precision", "get_sparsity", "gradient", "grid_sample", "hessian", "i2b", "idct",
    "identity", "idst", "ifft", "imag", "index_shift", "instance", "ipack", "irange", "is_finite", "is_inf", "is_nan",
    "is_none", "is_numeric", "is_scalar", "is_sparse", "isize", "iterate", "jacobian", "jit_compile",
    "jit_compile_linear", "jvp", "l1_loss", "l2_loss", "laplace", "linspace", "load", "log", "log10", "log1p", "log2",
    "log_gamma", "map_", "map_c2b", "map_c2d", "map_d2b", "map_d2c", "map_i2b", "map_pairs", "map_s2b", "map_types",
    "matmul", "matrix_from_function", "max_", "maximum", "mean", "median", "merge_shapes", "meshgrid", "min_",
    "minimum", "nan_to_0", "native", "native_call", "native_sparse", "neighbor_max", "neighbor_mean", "neighbor_min",
    "neighbor_reduce", "neighbor_sum", "non_batch", "non_channel", "non_dual", "non_instance", "non_primal",
    "non_spatial", "nonzero", "norm", "normalize", "normalize_to", "numpy", "ones", "ones_like", "p2d", "pack_dims",
    "pad", "pad_to_uniform", "pairwise_differences", "pairwise_distances", "perf_counter", "precision", "primal",
    "print_", "print_gradient", "prod", "quantile", "radians_to_degrees", "rand", "randn", "random_key",
    "random_normal", "random_permutation", "random_uniform", "range_tensor", "ravel_index", "real", "record_solves",
    "rename_dims", "replace", "replace_dims", "reshaped_native", "reshaped_numpy", "reshaped_tensor", "roll",
    "rotate_vector", "rotation_matrix", "round_", "s2b", "safe_div", "safe_mul", "sample_subgrid", "save", "scan",
    "scatter", "seed", "set_global_precision", "set_precision", "shape", "shift", "si2d", "sigmoid", "sign", "sin",
    "sinh", "slice_", "slice_off", "soft_plus", "softmax", "solve", "solve_linear", "sort", "spack", "sparse_tensor",
    "spatial", "spatial_gradient", "spectral_scale", "split", "sqrt", "squared_norm", "squeeze", "srange", "ssize",
    "stack", "std", "stop_gradient", "store", "stored_indices", "stored_values", "sum_", "tan", "tanh", "tcat",
    "tensor", "tensor_like", "to_complex", "to_device", "to_dict", "to_float", "to_format", "to_int32", "to_int64",
    "to_scipy", "trace_check", "trace_count", "unpack_dim", "unravel_index", "unstack", "upsample2x", "use",
    "value_and_gradient", "variance", "vec", "vec_length", "vec_normalize", "vec_squared", "vjp", "when_available",
    "where", "while_loop", "wrap", "zeros", "zeros_like",
]  # fmt: skip
