"""Native programs of linear interpolation: the cell that a position lies in, its corners, and the adjoint."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, concat_shapes, merge_shapes
from phiml_core.tensor.align import aligner
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec

from .gather import INDEX, layout_of_read

__all__ = ["Cells", "Rule", "lerp"]

Rule = tuple[str, str]
"""How positions beyond the lower and the upper side of a dim lead back inside: 'edge', 'wrap', or mirrored:
'symmetric', 'antisymmetric'."""


class Cells:
    """The native side of interpolation for inputs of known structure.

    Positions are in cells: 0 is the first value along a dim, n - 1 the last.  The cell of a position begins at its
    floor, so at whole numbers derivatives are those of the upper side.
    """

    def __init__(self, value: Spec, positions: tuple[Spec, ...], dims: tuple[str, ...], rules: tuple[Rule, ...]):
        self.value, self.positions, self.dims, self.rules = value, positions, dims, rules
        backend = self.backend = join(value.backend, *(p.backend for p in positions))
        precision = current()
        self.dtype = common_type((value,), precision, "grid_sample", float)
        for p in positions:
            common_type((p,), precision, "grid_sample", float)  # warns of digits that get lost
        self.float = precision.float
        self.points, self.paired, self.kept, self.order, self.along = layout_of_read(backend, value, dims, positions)
        self.sizes: list[int] = [value.stored.get_size(d) for d in dims]  # type: ignore[misc]
        self.lead = math.prod(self.paired.sizes) * math.prod(self.sizes)  # type: ignore[arg-type]
        self.strides = [math.prod(self.sizes[k + 1 :]) for k in range(len(dims))]
        self.steps = [
            preparation(backend, p, self.float, p.stored) for p in positions
        ]  # each position in its own dims: what varies along x alone is computed along x alone
        self.to_points = [aligner(backend, p, self.points) for p in positions]
        self.prepare = preparation(backend, value, self.dtype, value.stored)
        shape = merge_shapes(*(p.shape for p in positions), value.shape.without(dims))
        self.out = make_spec(concat_shapes(self.points, self.kept), shape, backend, self.dtype)
        self.wide = value.wide or self.out.wide or any(p.wide for p in positions)
        names = ("add", "astype", "clip", "floor", "gather", "getitem", "less", "maximum", "minimum", "multiply")
        for name in (*names, "negative", "remainder", "reshape", "scatter", "subtract", "sum", "transpose", "where"):
            setattr(self, name, backend.bind(getattr(primitive, name)))

    # words of the backend, bound above
    add: Any
    astype: Any
    clip: Any
    floor: Any
    gather: Any
    getitem: Any
    less: Any
    maximum: Any
    minimum: Any
    multiply: Any
    negative: Any
    remainder: Any
    reshape: Any
    scatter: Any
    subtract: Any
    sum: Any
    transpose: Any
    where: Any

    # --- programs ---

    def read(self, x: Any, *positions: Any) -> Any:
        """The interpolated values, with dims points + kept."""
        corners, fractions = self.corners(x, positions)
        return self.backend.barrier((lerp(self, corners, fractions),))[0]

    def read_corners(self, x: Any, *positions: Any) -> tuple[Any, ...]:
        """The values at the 2ᵈ corners of each cell, first dim outermost, then the fraction along each dim."""
        corners, fractions = self.corners(x, positions, flat_fractions=True)
        return self.backend.barrier((*corners, *fractions))

    def adjoint(self, x: Any, gradient: Any, *positions: Any) -> tuple[Any, ...]:
        """Cotangents of the array and of each position: the same weights scattered; differences of corners."""
        cells = [self.locate(k, p) for k, p in enumerate(self.backend.barrier(positions))]
        indices, signs = self.indices(cells)
        fractions = [self.over_kept(self.align(k, c[0])) for k, c in enumerate(cells)]
        corners = self.values(x, indices, signs)
        on_positions = []
        for k, spec in enumerate(self.positions):
            slopes = lerp(self, corners, fractions, slope_along=k)
            on_positions.append(self.reduce_to(self.multiply(gradient, slopes), spec))
        total = self.multiply(self.flat(x), 0)
        for pick, (index, sign) in zip(self.picks(), zip(indices, signs, strict=True), strict=True):
            share = gradient
            for q, w in zip(pick, fractions, strict=True):
                share = self.multiply(share, w if q else self.subtract(1, w))
            if sign is not None:
                share = self.multiply(share, self.over_kept(sign))
            total = self.scatter(total, (self.spread(index),), share, "add")
        return self.unflat(total), *on_positions

    # --- parts ---

    def picks(self) -> Any:
        """Lower (0) or upper (1) side per dim, for each corner."""
        return itertools.product((0, 1), repeat=len(self.dims))

    def corners(self, x: Any, positions: Sequence[Any], flat_fractions: bool = False) -> tuple[list[Any], list[Any]]:
        """Corner values, and fractions that broadcast against them or, with `flat_fractions`, have their own dims."""
        cells = [self.locate(k, p) for k, p in enumerate(self.backend.barrier(tuple(positions)))]
        indices, signs = self.indices(cells)
        fractions = [c[0] if flat_fractions else self.over_kept(self.align(k, c[0])) for k, c in enumerate(cells)]
        return self.values(x, indices, signs), fractions

    def values(self, x: Any, indices: list[Any], signs: list[Any]) -> list[Any]:
        """What x holds at several lists of positions, each times its sign where it has one (None: 1)."""
        flat = self.flat(x)
        found = [self.gather(flat, (i,)) for i in indices]
        return [v if s is None else self.multiply(v, self.over_kept(s)) for v, s in zip(found, signs, strict=True)]

    def flat(self, x: Any) -> Any:
        """The array with paired and indexed axes as one."""
        x = x if self.prepare is None else self.prepare(x)
        x = x if self.order is None else self.order(x)
        return self.reshape(x, (self.lead, *self.kept.sizes))

    def unflat(self, x: Any) -> Any:
        """Back to the axes of the array as it was given."""
        order = (*self.paired.names, *self.dims, *self.kept.names)
        x = self.reshape(x, (*self.paired.sizes, *self.sizes, *self.kept.sizes))
        back = tuple(order.index(n) for n in self.value.stored.names)
        return x if back == tuple(range(len(back))) else self.transpose(x, back)

    def locate(self, k: int, position: Any) -> tuple[Any, ...]:
        """Fraction, flat position of the lower and of the upper corner along dim k, and the signs of their values."""
        step, n, (lower, upper) = self.steps[k], self.sizes[k], self.rules[k]
        p = position if step is None else step(position)
        if lower == upper == "edge":
            p = self.clip(p, -1, n)  # keeps far positions within the integers
        elif lower == "edge":
            p = self.maximum(p, -1)
        elif upper == "edge":
            p = self.minimum(p, n)
        cell = self.floor(p)
        index = self.astype(cell, INDEX)
        (low, low_sign), (high, high_sign) = (self.inside(i, n, lower, upper) for i in (index, self.add(index, 1)))
        if self.strides[k] != 1:
            low, high = self.multiply(low, self.strides[k]), self.multiply(high, self.strides[k])
        return self.subtract(p, cell), low, high, low_sign, high_sign

    def inside(self, i: Any, n: int, lower: str, upper: str) -> tuple[Any, Any]:
        """The position inside that a whole position leads to, and the sign of its value (None: always 1)."""
        if lower == upper == "edge":
            return self.clip(i, 0, n - 1), None
        if lower == upper == "wrap":
            return self.remainder(i, n), None
        if lower == upper:  # mirrors on both sides
            j = self.remainder(i, 2 * n)
            back = self.subtract(2 * n - 1, j)
            return self.minimum(j, back), self.sign(self.less(j, n)) if lower == "antisymmetric" else None
        below, above = self.less(i, 0), self.less(n - 1, i)  # different rules: each mirror is followed once
        j = self.where(below, 0 if lower == "edge" else self.subtract(-1, i), i)
        j = self.where(above, n - 1 if upper == "edge" else self.subtract(2 * n - 1, i), j)
        flipped = below if lower == "antisymmetric" else above if upper == "antisymmetric" else None
        sign = None if flipped is None else self.negative(self.sign(flipped))
        return self.clip(j, 0, n - 1), sign

    def sign(self, positive: Any) -> Any:
        """1 where the condition holds, else -1."""
        return self.subtract(self.multiply(self.astype(positive, self.dtype), 2), 1)

    def indices(self, cells: list[tuple[Any, ...]]) -> tuple[list[Any], list[Any]]:
        """Flat position of each corner, and the sign of its value."""
        start: Any = None
        stride = math.prod(self.sizes)
        for size, along in zip(reversed(self.paired.sizes), reversed(self.along), strict=True):  # type: ignore[call-overload]
            part = self.backend.as_array(along * stride)
            start, stride = part if start is None else self.add(start, part), stride * size
        level: list[tuple[Any, Any]] = [(start, None)]
        for k, (_, low, high, low_sign, high_sign) in enumerate(cells):
            sides = [(self.align(k, i), self.align(k, s)) for i, s in ((low, low_sign), (high, high_sign))]
            level = [
                (self.both(self.add, at, i), self.both(self.multiply, sign, s)) for at, sign in level for i, s in sides
            ]
        return [i for i, _ in level], [s for _, s in level]

    def both(self, word: Any, a: Any, b: Any) -> Any:
        """`word` of what there is of two arrays."""
        return b if a is None else a if b is None else word(a, b)

    def align(self, k: int, x: Any) -> Any:
        """An array with the dims of position k, to broadcast against the dims of all positions."""
        step = self.to_points[k]
        return x if x is None or step is None else step(x)

    def over_kept(self, x: Any) -> Any:
        """An array over the points, to broadcast against points + kept dims."""
        return self.getitem(x, (..., *(None,) * len(self.kept))) if self.kept else x

    def spread(self, index: Any) -> Any:
        """A flat position with one axis of full size per dim of the points."""
        word = self.backend.bind(primitive.broadcast_to)
        missing = len(self.points) - len(index.shape)
        index = self.getitem(index, (*(None,) * missing, ...)) if missing else index
        return word(index, tuple(self.points.sizes))

    def reduce_to(self, x: Any, spec: Spec) -> Any:
        """Sum of an array with dims points + kept over all but the dims that `spec` stores, in its order."""
        have = self.out.stored
        x = self.backend.bind(primitive.broadcast_to)(self.full_rank(x, have), tuple(have.sizes))
        gone = tuple(i for i, n in enumerate(have.names) if n not in spec.axes)
        left = [n for n in have.names if n in spec.axes]
        x = self.sum(x, gone) if gone else x
        perm = tuple(left.index(n) for n in spec.stored.names)
        return x if perm == tuple(range(len(perm))) else self.transpose(x, perm)

    def full_rank(self, x: Any, have: Shape) -> Any:
        """x with new axes of size 1 in front, as many axes as `have` has dims."""
        missing = len(have) - len(x.shape)
        return self.getitem(x, (*(None,) * missing, ...)) if missing else x


def lerp(words: Any, corners: Sequence[Any], fractions: Sequence[Any], slope_along: int | None = None) -> Any:
    """The multilinear function of the fractions with these corner values (first dim outermost), or its slope in a dim.

    `words` has the functions add, subtract and multiply.
    """
    corners = list(corners)
    for k in reversed(range(len(fractions))):
        pairs = list(zip(corners[::2], corners[1::2], strict=True))
        if k == slope_along:
            corners = [words.subtract(b, a) for a, b in pairs]
        else:
            corners = [words.add(a, words.multiply(fractions[k], words.subtract(b, a))) for a, b in pairs]
    return corners[0]
