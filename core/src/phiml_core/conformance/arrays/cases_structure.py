"""Words that move, join and select elements."""

from typing import Any

import numpy as np

from .case import add
from .data import BOOLS, COMPLEX, CUBE, INTS, SIGNED, SMALL

FAMILY = "structure"
LINEAR: dict[str, Any] = {"moving": (0,), "second": False}

add(FAMILY, "reshape", np.reshape, CUBE, (12, 5), **LINEAR)
add(FAMILY, "reshape", np.reshape, CUBE[:1, :1, :1], (), label="no axes")
add(FAMILY, "reshape", np.reshape, CUBE[:0], (3, 0), label="empty")
add(FAMILY, "reshape", np.reshape, np.swapaxes(CUBE, 0, 2), (5, 12), label="transposed")
for _axes in ((2, 0, 1), (1, 0, 2)):
    add(FAMILY, "transpose", np.transpose, CUBE, _axes, **LINEAR)
add(FAMILY, "transpose", np.transpose, np.array(1.5), (), label="no axes")
add(FAMILY, "broadcast_to", np.broadcast_to, CUBE[:, :1], (4, 7, 5), **LINEAR)
add(FAMILY, "broadcast_to", np.broadcast_to, CUBE[:1, :1, :1], (2, 0, 3), label="empty")
for _x in (CUBE, INTS, BOOLS, COMPLEX):
    add(FAMILY, "flip", np.flip, _x, (0,))
add(FAMILY, "flip", np.flip, CUBE, (0, 2), **LINEAR)
add(FAMILY, "roll", np.roll, CUBE, (1, -2), (0, 2), **LINEAR)
add(FAMILY, "roll", np.roll, CUBE, (7,), (1,), label="around")
add(FAMILY, "roll", np.roll, CUBE[:0], (1,), (0,), label="empty")


def concat(x, others, axis):
    return np.concatenate((x, *others), axis)


def stack(x, others, axis):
    return np.stack((x, *others), axis)


JOINED: dict[str, Any] = {"moving": (0, 1), "second": False}
add(FAMILY, "concat", concat, CUBE, (CUBE[:1], CUBE[1:] * 2), 0, **JOINED)
add(FAMILY, "concat", concat, CUBE, (CUBE[:, :0], CUBE[:, :2]), 1, label="with an empty one")
add(FAMILY, "concat", concat, INTS, (INTS[:1],), 0, label="integers")
add(FAMILY, "concat", concat, CUBE, (), 2, label="alone")
for _axis in (0, 1, 3):
    add(FAMILY, "stack", stack, CUBE, (2 * CUBE,), _axis, **JOINED)
add(FAMILY, "stack", stack, np.array(1.5), (np.array(2.5), np.array(0.5)), 0, label="no axes", **JOINED)
add(FAMILY, "stack", stack, BOOLS, (), 1, label="alone")

INDICES = (
    *(np.s_[..., 1:9:2], np.s_[1, ..., None], np.s_[()], np.s_[1,], np.s_[1:9,], np.s_[:, -1], np.s_[None, :, None, 0]),
    *(np.s_[0, 1, 2], np.s_[::-1,], np.s_[5:2,], np.s_[-9:3:2, :, 3::-2], np.s_[0:0,], np.s_[7:9,], np.s_[:, ::-2, 1]),
)
for _index in INDICES:
    add(FAMILY, "getitem", lambda x, index: x[index], CUBE, _index, label=str(_index), **LINEAR)
add(FAMILY, "getitem", lambda x, index: x[index], INTS, np.s_[1, 2:0:-1], label="integers")


def pad(x, widths, mode, value=0):
    if mode != "constant":
        return np.pad(x, widths, mode=mode)
    out = np.full([n + lo + up for n, (lo, up) in zip(x.shape, widths)], value, x.dtype)
    out[tuple(slice(lo, lo + n) for n, (lo, _) in zip(x.shape, widths))] = x
    return out


WIDTHS = ((1, 2), (0, 0), (0, 3)), ((0, 6), (5, 0), (1, 1))
for _mode in ("constant", "edge", "wrap", "symmetric"):
    for _widths in WIDTHS:
        add(FAMILY, "pad", pad, CUBE, _widths, _mode, 0, label=f"{_mode} {_widths}", **LINEAR)
    add(FAMILY, "pad", pad, INTS, WIDTHS[0][:2], _mode, 0, label=f"{_mode}, integers")
    add(FAMILY, "pad", pad, CUBE[:1, :1, :1], ((3, 1), (0, 2), (0, 0)), _mode, 0, label=f"{_mode}, one")
add(FAMILY, "pad", pad, CUBE, WIDTHS[0], "constant", 1.5, label="number", **LINEAR)
add(FAMILY, "pad", pad, BOOLS, WIDTHS[0][:2], "constant", True, label="bools")
add(FAMILY, "pad", pad, CUBE, WIDTHS[0], "constant", np.array(2.5), label="array", moving=(0, 3), second=False)
add(FAMILY, "pad", pad, CUBE[:, :0], ((0, 0), (1, 2), (0, 0)), "constant", np.array(2.5), label="of nothing")
add(FAMILY, "pad", pad, COMPLEX, WIDTHS[0][:2], "symmetric", 0, label="complex")

I, J = np.array([2, 0, 2], np.int32), np.array([1, 3, 1], np.int32)


def take(x, indices, axis):
    return np.take(x, indices, axis)


add(FAMILY, "take", take, CUBE, I, 1, **LINEAR)
add(FAMILY, "take", take, CUBE, np.array([[0, 1], [3, 3]], np.int32), 0, label="square", **LINEAR)
add(FAMILY, "take", take, CUBE, np.array(1, np.int32), 2, label="no axes")
add(FAMILY, "take", take, CUBE, I[:0], 1, label="empty")
add(FAMILY, "take", take, INTS, I, 0, label="integers")


def gather(x, indices):
    return x[indices]


add(FAMILY, "gather", gather, SIGNED, (I, J), **LINEAR)
add(FAMILY, "gather", gather, CUBE, (I,), label="rows", **LINEAR)
add(FAMILY, "gather", gather, CUBE, (np.array([[1], [0]]), np.array([[0, 2]])), label="broadcast", **LINEAR)
add(FAMILY, "gather", gather, SIGNED, (I[:0], J[:0]), label="empty")
add(FAMILY, "gather", gather, COMPLEX, (I, J), label="complex", **LINEAR)


def scatter(base, indices, values, mode):
    out = base.copy()
    if mode == "update":
        out[indices] = values
    else:
        {"add": np.add, "max": np.maximum, "min": np.minimum}[mode].at(out, indices, values)
    return out


BOTH: dict[str, Any] = {"moving": (0, 2), "second": False}
add(FAMILY, "scatter", scatter, SIGNED, (I, J), SIGNED[0, :3], "add", label="add", **BOTH)
add(FAMILY, "scatter", scatter, CUBE, (I,), CUBE[:3] * 0.5, "add", label="add rows", **BOTH)
add(FAMILY, "scatter", scatter, SIGNED, (I[1:], J[1:]), SIGNED[0, :2], "update", label="update", **BOTH)
add(FAMILY, "scatter", scatter, SIGNED, (I[1:], J[1:]), SIGNED[0, :2] + 0.5, "max", label="max", **BOTH)
add(FAMILY, "scatter", scatter, SIGNED, (I[1:], J[1:]), SIGNED[0, :2] - 0.5, "min", label="min", **BOTH)
add(FAMILY, "scatter", scatter, SIGNED, (I, J), np.array([3.0, -4.0, 5.0]), "max", label="max, twice")
add(FAMILY, "scatter", scatter, SIGNED, (I, J), np.array([3.0, -4.0, -5.0]), "min", label="min, twice")
add(FAMILY, "scatter", scatter, INTS, (I, J), np.array([3, 4, 5], np.int32), "add", label="integers")
add(FAMILY, "scatter", scatter, SIGNED, (I[:0], J[:0]), SIGNED[0, :0], "add", label="nothing")
add(FAMILY, "scatter", scatter, COMPLEX, (I, J), COMPLEX[0, :3], "add", label="complex", **BOTH)

add(FAMILY, "nonzero", np.argwhere, BOOLS, fixed=False)
add(FAMILY, "nonzero", np.argwhere, BOOLS & False, label="none", fixed=False)


def boolean_mask(x, mask, axis):
    return np.compress(mask, x, axis)


for _mask in ([True, False, True], [False] * 3):
    add(FAMILY, "boolean_mask", boolean_mask, CUBE, np.array(_mask), 1, fixed=False)
add(FAMILY, "boolean_mask", boolean_mask, SMALL, np.array([True, False]), 0, fixed=False)
