"""Padding: tensors extended beyond their sides by a boundary rule."""

from collections.abc import Callable
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.backend.dtype import KINDS, DType
from phiml_core.backend.precision import current
from phiml_core.dispatch import generic
from phiml_core.extrapolation import Extrapolation, as_extrapolation, ghost
from phiml_core.extrapolation.copying import copied_positions
from phiml_core.shape import ShapeError, UnknownDim, spatial
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from .join import concat, stack
from .repeat import expand, store
from .slicing import slice_range
from .unstack import unstack

__all__ = ["checked_widths", "pad"]


@generic(on="value")
def pad(value: Any, widths: Any, mode: Any = 0) -> Any:
    """`value` extended beyond its sides: a window of the values that a boundary rule continues to infinity.

    Args:
        value: tensor or tree of tensors.
        widths: `{dim: (lower, upper)}`, the number of items to add at each side; negative numbers cut items off.  An
            int or a pair holds for all spatial dims.
        mode: boundary: an `Extrapolation`, a number or tensor, or a name such as `'periodic'`; see `as_extrapolation`.

    Raises:
        UnknownDim: `value` lacks a dim.
        UnknownBoundary: no such boundary, or none for a side.
        ShapeError: more is cut off than there is.

    >>> from phiml_core import math
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (1, -1)}, 'zero-gradient').numpy()
    array([1, 1, 2])
    """
    if isinstance(value, Tensor):
        return restructure(value, pad, (value,), (widths, mode))
    from phiml_core.tree import is_tree, tree_map

    from .create import wrap

    return tree_map(lambda t: pad(t, widths, mode), value) if is_tree(value) else pad(wrap(value), widths, mode)


def checked_widths(value: Tensor, widths: Any) -> dict[str, tuple[int, int]]:
    """Widths by dim name, checked."""
    if not isinstance(widths, dict):
        widths = dict.fromkeys(value.shape.only(spatial).names, widths)
    found = {}
    for dim, width in widths.items():
        lower, upper = (width, width) if isinstance(width, int) else width
        size: Any = value.shape.get_size(dim) if dim in value.shape.names else None
        if size is None:
            raise UnknownDim(f"pad: no dim {dim!r} in {value.shape}.  Its dims are: {', '.join(value.shape.names)}.")
        if isinstance(size, int) and size + min(lower, 0) + min(upper, 0) < 0:
            raise ShapeError(f"pad: cannot cut {-min(lower, 0) - min(upper, 0)} of the {size} items along {dim!r}.")
        if size == 0 and max(lower, upper) > 0:
            raise ShapeError(f"pad: dim {dim!r} of {value.shape} is empty, there is nothing to continue.")
        found[dim] = (lower, upper)
    return found


@pad.dispatch
def _(value: Dense, widths, mode):
    boundary = mode if isinstance(mode, Extrapolation) else as_extrapolation(mode)
    if boundary.plan_key is None or type(widths) is not dict:
        return _by_ghosts(value, checked_widths(value, widths), boundary)
    precision = current()
    key = (pad, value.spec, tuple(widths.items()), boundary.plan_key)
    try:
        plan = precision.plans.get(key)
    except TypeError:  # widths given as lists
        return pad(value, {d: tuple(w) for d, w in widths.items()}, boundary)
    if plan is None:
        checked = checked_widths(value, widths)
        missing = tuple(d for d in checked if d not in value.spec.axes)
        if missing:
            return pad(store(value, missing), widths, boundary)
        plan = precision.keep(key, _plan(value.spec, checked, boundary))
    run, out = plan
    return Dense(run(value.native_array, *[c.native_array for c in boundary.constants]), out)


@pad.dispatch
def _(value: Stacked, widths, mode):
    boundary = as_extrapolation(mode)
    checked = checked_widths(value, widths)
    dim = value.dim
    if dim.name in checked:
        return pad(as_dense(value), checked, boundary)
    parts = []
    for i, component in enumerate(value.components):
        missing = value.shape.after_item(dim.name, i).only(tuple(checked)).without(component.shape)
        parts.append(pad(expand(component, missing) if missing else component, checked, boundary.item(dim, i)))
    return Stacked(tuple(parts), dim)


def _by_ghosts(value: Tensor, widths: dict[str, tuple[int, int]], boundary: Extrapolation) -> Tensor:
    """For all rules: side by side, and component by component where they differ in kind."""
    along = boundary.component_dim
    if along is not None and along in value.shape.names and along not in widths:
        dim = value.shape[along]
        parts = [pad(v, widths, boundary.item(dim, i)) for i, v in enumerate(unstack(value, dim))]
        return stack(parts, dim)
    for dim, (lower, upper) in widths.items():
        parts = [value]
        if lower > 0:
            parts.insert(0, ghost(boundary.side(dim, False), value, dim, False, lower))
        if upper > 0:
            parts.append(ghost(boundary.side(dim, True), value, dim, True, upper))
        if len(parts) > 1:
            value = concat(parts, dim)
        if lower < 0 or upper < 0:
            value = slice_range(value, dim, slice(-min(lower, 0), value.shape.get_size(dim) + min(upper, 0)))  # type: ignore[operator]
        boundary = _widened(boundary, dim, (lower, upper))
    return value


def _widened(boundary: Extrapolation, dim: str, widths: tuple[int, int]) -> Extrapolation:
    """The rule for a tensor that was padded along `dim`: fixed values that vary along it are continued beyond the corners."""
    if dim not in boundary.shape.names:
        return boundary
    from phiml_core.tree import tree_map

    return tree_map(lambda t: pad(t, {dim: widths}, "zero-gradient") if dim in t.shape.names else t, boundary)


# --- one program of native words for the rules of core ---

Native = Callable[..., Any]


def _plan(spec: Spec, widths: dict[str, tuple[int, int]], boundary: Extrapolation) -> tuple[Native, Spec]:
    constants = boundary.constants
    backend = join(spec.backend, *(c.backend for c in constants))
    dtype = _result_type(spec, constants)
    rank = len(spec.stored)
    stages: list[Native] = []
    group: tuple[Any, list[tuple[int, int]]] | None = None  # neighbouring dims of one rule make one call

    def close() -> None:
        nonlocal group
        if group is not None:
            stages.append(_one_rule(backend, group[0], tuple(group[1])))
            group = None

    stored, shape = spec.stored, spec.shape
    for dim, (lower, upper) in widths.items():
        axis, size = spec.axes[dim], stored.get_size(dim)
        rules = [_rule(boundary, dim, up, width) for up, width in ((False, lower), (True, upper))]
        used = [r for r in rules if r is not None]
        if used and used[0] == used[-1] and used[0][0] in _PRIMITIVE:
            if group is None or group[0] != used[0]:
                close()
                group = (used[0], [(0, 0)] * rank)
            group[1][axis] = (max(lower, 0), max(upper, 0))
        elif used:
            close()
            stages.append(_two_rules(backend, rules, axis, size, (max(lower, 0), max(upper, 0))))  # type: ignore[arg-type]
        if lower < 0 or upper < 0:
            close()
            whole = size + max(lower, 0) + max(upper, 0)  # type: ignore[operator]
            stages.append(_crop(backend, axis, slice(-min(lower, 0), whole + min(upper, 0))))
        if lower or upper:
            stored, shape = (s.with_size(size + lower + upper, dim).with_item_names(dim, None) for s in (stored, shape))  # type: ignore[operator]
    close()
    if spec.backend is not backend:
        stages.insert(0, lambda x, cs: backend.as_array(x, spec.dtype))
    if dtype is not spec.dtype:
        astype = backend.bind(primitive.astype)
        stages.insert(0, lambda x, cs: astype(x, dtype))
    out = make_spec(stored, shape, backend, dtype, spec.weak)
    if len(stages) == 1:
        only = stages[0]
        return backend.fuse(lambda x, *cs: only(x, cs), spec.wide or out.wide), out

    def program(x: Any, *cs: Any) -> Any:
        for stage in stages:
            x = stage(x, cs)
        return x

    return backend.fuse(program, spec.wide or out.wide), out


_PRIMITIVE = ("constant", "edge", "wrap", "symmetric")


def _result_type(spec: Spec, constants: tuple[Any, ...]) -> DType:
    """That of the tensor, unless a constant is of a wider kind; masks stay masks beside Python numbers."""
    wider = [
        c.spec
        for c in constants
        if KINDS.index(c.spec.dtype.kind) > KINDS.index(spec.dtype.kind)
        and not (spec.dtype.kind is bool and c.spec.weak)
    ]
    return common_type((spec, *wider), current(), "pad") if wider else spec.dtype


def _rule(boundary: Extrapolation, dim: str, upper: bool, width: int) -> Any:
    """Name of the rule of one side and the position of its constant, or None where nothing is added."""
    if width <= 0:
        return None
    side = boundary.side(dim, upper)
    if side.constants:
        return "constant", next(i for i, c in enumerate(boundary.constants) if c is side.constants[0])
    return side.plan_key, None


def _one_rule(backend: Backend, rule: Any, widths: tuple[tuple[int, int], ...]) -> Native:
    word = backend.bind(primitive.pad)
    mode, slot = rule
    if slot is None:
        return lambda x, cs: word(x, widths, mode, 0)
    return lambda x, cs: word(x, widths, mode, cs[slot])


def _crop(backend: Backend, axis: int, item: slice) -> Native:
    getitem, where = backend.bind(primitive.getitem), (*(slice(None),) * axis, item)
    return lambda x, cs: getitem(x, where)


def _two_rules(backend: Backend, rules: list[Any], axis: int, size: int, widths: tuple[int, int]) -> Native:
    """Both margins of one axis, each from the values inside."""
    slabs = [
        _slab(backend, rule, axis, size, upper, width)
        for rule, upper, width in zip(rules, (False, True), widths, strict=True)
    ]
    word = backend.bind(primitive.concat)

    def run(x: Any, cs: tuple[Any, ...]) -> Any:
        lower, upper = (None if s is None else s(x, cs) for s in slabs)
        parts = [p for p in (lower, x, upper) if p is not None]
        return word(parts[0], tuple(parts[1:]), axis)

    return run


def _slab(backend: Backend, rule: Any, axis: int, size: int, upper: bool, width: int) -> Native | None:
    """The values beyond one side of an axis."""
    if rule is None:
        return None
    mode, slot = rule
    getitem, before = backend.bind(primitive.getitem), (slice(None),) * axis
    if mode == "constant":
        word = backend.bind(primitive.pad)

        def fill(x: Any, cs: tuple[Any, ...]) -> Any:
            # an empty slice, padded with the constant: the type and the other sizes come from x
            margins = tuple((0, width if a == axis else 0) for a in range(len(x.shape)))
            return word(getitem(x, (*before, slice(0, 0))), margins, "constant", cs[slot])

        return fill
    sign = None
    if mode == "antisymmetric":
        from phiml_core.extrapolation.antisymmetric import mirror_signs

        sign, mode = mirror_signs(size, upper, width), "symmetric"
    positions = copied_positions(mode, size, upper, width)
    first, last = positions[0], positions[-1]
    if positions == tuple(range(first, last + 1)):
        inner = _crop(backend, axis, slice(first, last + 1))
    elif positions == tuple(range(first, last - 1, -1)):
        part, flip = (*before, slice(last, first + 1)), backend.bind(primitive.flip)
        inner = lambda x, cs: flip(getitem(x, part), (axis,))
    else:
        take, indices = backend.bind(primitive.take), np.asarray(positions, np.int32)
        inner = lambda x, cs: take(x, backend.as_array(indices), axis)
    if sign is None:
        return inner
    if min(sign) == max(sign):
        negative = backend.bind(primitive.negative)
        return lambda x, cs: negative(inner(x, cs))
    times, signs = backend.bind(primitive.multiply), np.asarray(sign)

    def signed(x: Any, cs: tuple[Any, ...]) -> Any:
        column = signs.reshape([-1 if a == axis else 1 for a in range(len(x.shape))])
        return times(inner(x, cs), backend.as_array(column, backend.dtype(x)))

    return signed
