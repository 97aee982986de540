"""Element-wise operations on dense tensors: a plan per combination of specs, kept with the precision."""

from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import backend_named, find_backend, join
from phiml_core.backend.dtype import BOOL, DType
from phiml_core.backend.precision import Precision, current
from phiml_core.shape import merge_shapes

from .align import Step, aligner, chain, joint_order
from .arithmetic import OPS, Elementwise, apply, binary, install_many, unary
from .dense import Dense, dense
from .promote import result_types
from .spec import Spec, make_spec
from .tensor import Tensor
from .words import elementwise, leader

__all__ = ["preparation"]

_LOGICAL = {
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
    "invert": "logical_not",
}
_BAKED_EXPONENTS = (-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4)


def preparation(backend: Backend, spec: Spec, dtype: DType, order: Any, full_rank: bool = False) -> Step | None:
    """What an array of `spec` must go through to take part in an operation of `backend` in `dtype` with dims `order`."""
    steps: list[Step | None] = []
    if spec.backend is not backend:
        steps.append(lambda x: backend.as_array(x, spec.dtype))
    if spec.dtype is not dtype:
        astype = backend.bind(primitive.astype)
        steps.append(lambda x: astype(x, dtype))
    steps.append(aligner(backend, spec, order, full_rank))
    return chain(steps)


def _number_kind(operand: type, dtype: DType) -> Any:
    """Python numbers stay Python numbers, of the kind computed in: what converts them, or None."""
    if operand is int and dtype.kind is int and dtype.bits < 64:
        return _fitting(dtype)
    return None if dtype.kind in (bool, operand) else dtype.kind


def _fitting(dtype: DType) -> Callable[[int], int]:
    """The same integer if `dtype` holds it; PyTorch and TensorFlow drop the higher bits without a word."""
    low, high = np.iinfo(dtype.name).min, np.iinfo(dtype.name).max

    def check(value: int) -> int:
        if low <= value <= high:
            return value
        raise OverflowError(
            f"{value} does not fit into {dtype}, the type of the tensor.  Convert that first: cast(t, 'int64')."
        )

    return check


def _plan(op: Elementwise, operands: tuple[Any, ...], precision: Precision) -> Callable[..., Dense]:
    """What runs an operation on arrays and numbers like `operands`."""
    return _runner(*_parts(op, operands, precision))


def _parts(op: Elementwise, operands: tuple[Any, ...], precision: Precision) -> tuple[Any, Spec, list[Any]]:
    """The program of a plan, the spec of its result, and what Python numbers are converted by."""
    specs = [o for o in operands if isinstance(o, Spec)]
    backend = join(*(s.backend for s in specs))
    verb = (op.symbol and f"compute {op.symbol} of") or op.name
    shape = merge_shapes(*(s.shape for s in specs), operation=verb)
    order = joint_order([s.stored for s in specs], verb)
    if op.rule == "choose":
        compute, result = result_types("same", operands[1:], precision, op.name)
        types = [BOOL] + [compute] * (len(operands) - 1)
    else:
        compute, result = result_types(op.rule, operands, precision, op.name)
        types = [compute] * len(operands)
        if compute is BOOL and op.name in _LOGICAL:
            op = OPS[_LOGICAL[op.name]]
        elif compute is BOOL and op.rule in ("same", "round", "int"):
            compute = result = precision.int
            types = [compute] * len(operands)
        if op.rule == "round" and compute.kind is int:
            op = OPS["positive"]
    fn = backend.bind(op.primitive)
    steps = [
        preparation(backend, o, t, order) if isinstance(o, Spec) else None for o, t in zip(operands, types, strict=True)
    ]
    kinds = [None if isinstance(o, Spec) else _number_kind(o, t) for o, t in zip(operands, types, strict=True)]
    if op.rule == "choose" and not any(isinstance(o, Spec) for o in operands[1:]):
        kinds[1] = lambda x: backend.as_array(x, compute)  # between two numbers a library would choose its own type
    wide = result.precision == 64 or compute.precision == 64 or any(s.wide for s in specs)
    out = make_spec(order, shape, backend, result)
    return backend.fuse(_program(fn, steps), wide), out, kinds


def _program(fn: Callable[..., Any], steps: list[Step | None]) -> Callable[..., Any]:
    if not any(steps):
        return fn
    return lambda *xs: fn(*[x if s is None else s(x) for s, x in zip(steps, xs, strict=True)])


def _runner(program: Callable[..., Any], out: Spec, kinds: list[Any]) -> Callable[..., Dense]:
    """The plan: convert Python numbers, run, attach the spec.  Written out for two operands, the hot path."""
    if len(kinds) == 2:
        k0, k1 = kinds
        if k0 is not None:
            return lambda x, y: Dense(program(k0(x), y), out)
        if k1 is not None:
            return lambda x, y: Dense(program(x, k1(y)), out)
        return lambda x, y: Dense(program(x, y), out)
    return lambda *xs: Dense(program(*[x if k is None else k(x) for k, x in zip(kinds, xs, strict=True)]), out)


@unary.dispatch
def _(x: Dense, op):
    precision = current()
    spec = x.spec
    try:
        program, out, _ = precision.plans[op, spec]
    except KeyError:
        program, out, _ = precision.keep((op, spec), _parts(op, (spec,), precision))
    return Dense(program(x.native_array), out)


@binary.dispatch
def _(a: Dense, b: Dense, op):
    precision = current()
    key = (op, a.spec, b.spec)
    try:
        plan = precision.plans[key]
    except KeyError:
        plan = precision.keep(key, _plan(op, key[1:], precision))
    return plan(a.native_array, b.native_array)


def _dense_number(a: Dense, b: Any, op: Elementwise) -> Dense:
    precision = current()
    if op is _POW and b in _BAKED_EXPONENTS:
        return _power(a, b, precision)
    key = (op, a.spec, type(b))
    try:
        plan = precision.plans[key]
    except KeyError:
        plan = precision.keep(key, _plan(op, key[1:], precision))
    return plan(a.native_array, b)


def _number_dense(a: Any, b: Dense, op: Elementwise) -> Dense:
    precision = current()
    key = (op, type(a), b.spec)
    try:
        plan = precision.plans[key]
    except KeyError:
        plan = precision.keep(key, _plan(op, key[1:], precision))
    return plan(a, b.native_array)


_POW = OPS["pow"]
NUMBERS = (bool, int, float, complex)
for _type in NUMBERS:  # exact classes, and by inheritance NumPy's float64 and complex128
    binary.register((Dense, _type), _dense_number)
    binary.register((_type, Dense), _number_dense)


def _power(a: Dense, exponent: Any, precision: Precision) -> Dense:
    """Small fixed exponents belong to the operation: backends compute them by products and roots."""
    key = (_POW, a.spec, type(exponent), exponent)
    try:
        plan = precision.plans[key]
    except KeyError:
        base = a.spec.dtype.kind
        exact = exponent if isinstance(exponent, int) else float(exponent)
        compute, result = result_types("same", (a.spec, type(exact)), precision, "pow")
        if base in (bool, int) and exponent < 0:
            compute = result = precision.float
        elif compute is BOOL:
            compute = result = precision.int
        fn = a.backend.bind(primitive.pow)
        step = preparation(a.backend, a.spec, compute, a.spec.stored)
        program = (lambda x: fn(x, exact)) if step is None else (lambda x: fn(step(x), exact))
        out = make_spec(a.spec.stored, a.spec.shape, a.backend, result)
        plan = precision.keep(key, _runner(a.backend.fuse(program, a.spec.wide or result.precision == 64), out, [None]))
    return plan(a.native_array)


def _many(op: Elementwise, values: tuple[Any, ...]) -> Any:
    key: list[Any] = [op]
    natives = []
    for v in values:
        if type(v) is Dense:
            key.append(v.spec)
            natives.append(v.native_array)
        elif type(v) in NUMBERS:
            key.append(type(v))
            natives.append(v)
        else:
            result = by_rank(op, values)
            if result is NotImplemented:  # only operators of two operands may leave the answer to the other one
                raise TypeError(f"{op.name} is not defined for {', '.join(type(v).__name__ for v in values)}.")
            return result
    precision = current()
    plan_key = tuple(key)
    try:
        plan = precision.plans[plan_key]
    except KeyError:
        if not any(isinstance(k, Spec) for k in key):
            from .dense import number

            return apply(op, (number(values[0]), *values[1:]))
        plan = precision.keep(plan_key, _plan(op, plan_key[1:], precision))
    return plan(*natives)


install_many(_many)


def by_rank(op: Elementwise, values: tuple[Any, ...]) -> Any:
    """A mixture of layouts: native scalars become tensors, then the layout of the highest rank decides."""
    lead = leader(values)
    if not isinstance(lead, Tensor):
        if getattr(type(lead), "layout_rank", -1) > 0:  # a field among them
            return elementwise(lead, op, values)
        raise TypeError(
            f"{op.name} needs a tensor among its operands, not {', '.join(type(v).__name__ for v in values)}."
        )
    converted = tuple(operand(v, lead, op) for v in values)
    if NotImplemented in [c for c in converted if c is NotImplemented]:
        return NotImplemented
    if all(type(c) is Dense or type(c) in NUMBERS for c in converted):
        return op(*converted)
    return elementwise(lead, op, converted)


def operand(value: Any, partner: Tensor, op: Elementwise) -> Any:
    """`value` as an operand beside `partner`: tensors and numbers as they are, native scalars and sequences as tensors.

    Raises:
        TypeError: a native array with axes, whose dims have no names.
    """
    if isinstance(value, Tensor) or type(value) in NUMBERS:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Number):
        for kind in NUMBERS:
            if isinstance(value, kind):
                convert: Any = kind
                return convert(value)
    if isinstance(value, (tuple, list)):
        from phiml_core.ops.create import sequence_operand

        return sequence_operand(value, partner.shape, op.name)
    found = find_backend(value)
    if found is None:
        return NotImplemented
    value = found.read(value)
    sizes = found.sizes(value)
    if sizes:
        raise TypeError(
            f"Cannot compute {op.name} of a tensor {partner.shape} and a native array of sizes {sizes}: its axes have no names.  "
            "Name them: wrap(array, spatial('x,y'))."
        )
    return dense(value, merge_shapes(), backend=found)


@binary.dispatch
def _(a: Tensor, b: object, op):
    return by_rank(op, (a, b))


@binary.dispatch
def _(a: object, b: Tensor, op):
    return by_rank(op, (a, b))


@binary.dispatch
def _(a: Tensor, b: Tensor, op):
    return by_rank(op, (a, b))


@unary.dispatch
def _(x: Tensor, op):
    return elementwise(x, op, (x,))


def as_backend(value: Dense, name: str) -> Dense:
    """`value` with its array on another backend."""
    backend = backend_named(name)
    array = backend.as_array(value.native_array, value.dtype)
    return Dense(array, make_spec(value.spec.stored, value.shape, backend, backend.dtype(array)))
