"""Recognising the Laplacian of a grid in terms: constant as `BoxLaplace`, with coefficients on faces as `MaskedLaplace`.

Compared is what was written, not values, which may be traced: a coefficient is a number times tensors at offsets, and terms in windows
are split into terms on the whole grid and on its outermost cells, in which they either cancel or do not.
"""

from math import sqrt
from typing import Any

import numpy as np
from phiml_core.math import concat, expand, wrap
from phiml_core.shape import Shape

from ..operator.boundary import ABSENT, DIRICHLET, NEUMANN, PERIODIC, has_transform
from ..operator.box import BoxLaplace
from ..operator.constant import constant
from ..operator.masked import MaskedLaplace
from .elementwise import coefficient
from .term import Along, Factor, Term

__all__ = ["laplacian", "offsets_of", "periodic_dims"]

Key = tuple[tuple[Factor, ...], tuple[str, ...]]
Sums = dict[Key, Any]


def offsets_of(terms: Any, dims: Shape) -> list[tuple[int, ...]] | None:
    """The offset of each term if all read x at a fixed offset along the same dims, else None."""
    found = []
    for t in terms:
        if t.hidden or not all(isinstance(i, Along) and i.dim == n for i, n in zip(t.index, dims.names)):
            return None
        found.append(tuple([i.offset for i in t.index]))
    return found


def periodic_dims(offsets: Any, dims: Shape) -> tuple[bool, ...]:
    """For each dim whether some offset is that far that it is shorter around the end."""
    return tuple([any(2 * abs(o[k]) > n for o in offsets) for k, n in enumerate(dims.sizes)])  # type: ignore[operator]


def around(offset: int, n: int) -> int:
    """An offset the short way around a periodic dim."""
    o = offset % n
    return o if 2 * o <= n else o - n


class _Fails(Exception):
    """The terms are no Laplacian."""


def laplacian(terms: Any, dims: Shape) -> BoxLaplace | MaskedLaplace | None:
    """The operator with these terms if it is  shift · x + scale · ∇ · (w ∇ x)  on a grid, else None."""
    offsets = offsets_of(terms, dims)
    if offsets is None or any(n < 3 for n in dims.sizes) or dims.spatial.rank != dims.rank:  # type: ignore[operator]
        return None
    if any(isinstance(t.number, complex) for t in terms):
        return None
    try:
        return _Laplacian(terms, dims, offsets).operator()
    except _Fails:
        return None


class _Laplacian:
    """The terms sorted by where they read."""

    def __init__(self, terms: Any, dims: Shape, offsets: Any):
        self.dims, self.sizes = dims, dims.sizes
        self.periodic = periodic_dims(offsets, dims)
        self.center: Sums = {}
        self.sides: dict[tuple[int, int], Sums] = {(k, s): {} for k in range(dims.rank) for s in (-1, 1)}
        for term, offset in zip(terms, offsets, strict=True):
            short = [around(o, n) if p else o for o, n, p in zip(offset, self.sizes, self.periodic)]
            moved = [(k, o) for k, o in enumerate(short) if o]
            if not moved:
                self.add(self.center, term)
            elif len(moved) == 1 and abs(moved[0][1]) == 1:
                self.add(self.sides[moved[0]], term)
            else:
                raise _Fails

    def add(self, sums: Sums, term: Term, sign: Any = 1) -> None:
        """Add a term, split by windows, to sums."""
        factors = self.canonical(term.factors)
        for kinds, s in self.kinds(term):
            self.plus(sums, (factors, kinds), term.number * s * sign)

    def plus(self, sums: Sums, key: Key, number: Any) -> None:
        old = sums.get(key, 0)
        total = old + number
        if abs(total) <= 1e-12 * max(abs(old), abs(number)):
            sums.pop(key, None)
        else:
            sums[key] = total

    def canonical(self, factors: Any) -> tuple[Factor, ...]:
        """Factors in a fixed order, with offsets inside periodic dims."""
        found = []
        for f in factors:
            at = []
            for name, dim, offset in f.at:
                if dim in self.dims.names and self.periodic[self.dims.index(dim)]:
                    n: Any = self.dims.get_size(dim)
                    offset = offset % n if f.tensor.shape.get_size(name) == n else offset
                at.append((name, dim, offset))
            found.append(Factor(f.tensor, tuple(at)))
        return tuple(sorted(found, key=lambda f: (id(f.tensor), f.at)))

    def kinds(self, term: Term) -> list[tuple[tuple[str, ...], int]]:
        """A window as a signed sum of the whole (''), the first cells ('L') and the last ('U') along each dim."""
        found: list[tuple[tuple[str, ...], int]] = [((), 1)]
        for name, n in zip(self.dims.names, self.sizes):
            start, stop = term.window(name, n)  # type: ignore[arg-type]
            if stop == 1:
                parts = [("L", 1)]
            elif start == n - 1:  # type: ignore[operator]
                parts = [("U", 1)]
            elif start <= 1 and stop >= n - 1:  # type: ignore[operator]
                parts = [("", 1)] + [("L", -1)] * start + [("U", -1)] * (n - stop)  # type: ignore[operator]
            else:
                raise _Fails
            found = [((*kinds, kind), s * sign) for kinds, s in found for kind, sign in parts]
        return found

    def whole(self, k: int | None = None, side: str = "") -> tuple[str, ...]:
        """The kind of a term on the whole grid, or on the outermost cells along dim k."""
        return tuple([side if j == k else "" for j in range(self.dims.rank)])

    def faces(self, k: int) -> dict[tuple[Factor, ...], Any]:
        """The coefficients between neighbours along dim k, as read from the lower of them: {factors: number}."""
        upper, lower = self.sides[k, 1], self.sides[k, -1]
        dim = self.dims.names[k]
        found = {factors: number for (factors, kinds), number in upper.items() if kinds == self.whole()}
        for sums, end, by in ((upper, "U", 0), (lower, "L", -1)):
            left = dict(sums)
            for factors, number in found.items():
                seen = self.canonical([f.moved(dim, by) for f in factors])
                self.plus(left, (seen, self.whole()), -number)
                if not self.periodic[k]:
                    self.plus(left, (seen, self.whole(k, end)), number)
            if left:
                raise _Fails
        return found

    def operator(self) -> BoxLaplace | MaskedLaplace:
        """The operator.  Raises _Fails."""
        faces = [self.faces(k) for k in range(self.dims.rank)]
        if not all(faces):
            raise _Fails
        rest = dict(self.center)
        for k, found in enumerate(faces):
            for factors, number in found.items():
                lower = self.canonical([f.moved(self.dims.names[k], -1) for f in factors])
                for seen, end in ((factors, "U"), (lower, "L")):
                    self.plus(rest, (seen, self.whole()), number)
                    if not self.periodic[k]:
                        self.plus(rest, (seen, self.whole(k, end)), -number)
        return self.build(faces, rest)

    def build(self, faces: Any, rest: Sums) -> BoxLaplace | MaskedLaplace:
        """The operator from coefficients between cells and what is left on the diagonal."""
        shift: dict[tuple[Factor, ...], Any] = {}
        ends: dict[tuple[int, str], dict[tuple[Factor, ...], Any]] = {}
        for (factors, kinds), number in rest.items():
            moved = [(k, kind) for k, kind in enumerate(kinds) if kind]
            if not moved:
                if self.varies(factors):
                    raise _Fails
                shift[factors] = number
            elif len(moved) == 1:
                ends.setdefault(moved[0], {})[factors] = number
            else:
                raise _Fails
        numbers = [n for found in faces for n in found.values()] + [
            -n for found in ends.values() for n in found.values()
        ]
        if not (all(n > 0 for n in numbers) or all(n < 0 for n in numbers)):
            raise _Fails
        sign = 1 if numbers[0] > 0 else -1
        every = [f for found in (*faces, *ends.values()) for f in found]
        common = [f for f in every[0] if not self.varies((f,)) and all(f in other for other in every)]
        strength = [max(abs(n) for n in found.values()) for found in faces]
        boundary = tuple([self.boundary(k, ends) for k in range(self.dims.rank)])
        if not common and not shift:
            spacing, scale = tuple([1 / sqrt(c) for c in strength]), None if sign > 0 else -1.0
        else:
            spacing = tuple([sqrt(strength[0] / c) for c in strength])
            scale = self.product(common, sign * strength[0])
        total: Any = None
        for factors, number in shift.items():
            value = self.product(factors, number)
            total = value if total is None else total + value
        box = BoxLaplace(self.dims, spacing, boundary, scale, total)
        if all(len(found) == 1 and set(*found) == set(common) for found in faces):
            boundary = tuple([self.plain(k, faces[k], ends, pair) for k, pair in enumerate(boundary)])
            if has_transform(boundary):
                return BoxLaplace(self.dims, spacing, boundary, scale, total)
        weights = [self.weights(k, faces[k], ends, common, sign * strength[k], box) for k in range(self.dims.rank)]
        return MaskedLaplace(box, tuple(weights))

    def varies(self, factors: Any) -> bool:
        return any(d in self.dims.names for f in factors for d in f.dims)

    def boundary(self, k: int, ends: Any) -> tuple[str, str]:
        if self.periodic[k]:
            if (k, "L") in ends or (k, "U") in ends:
                raise _Fails
            return PERIODIC, PERIODIC
        lower, upper = (DIRICHLET if (k, end) in ends else NEUMANN for end in "LU")
        return lower, upper

    def plain(self, k: int, found: Any, ends: Any, pair: tuple[str, str]) -> tuple[str, str]:
        """The sides of dim k of a box without weights: zero may lie half a cell or a whole one away; '' if it is neither."""

        def side(name: str, end: str) -> str:
            if name != DIRICHLET:
                return name
            other = ends[k, end]
            for name, factor in ((DIRICHLET, 2), (ABSENT, 1)):
                if other.keys() == found.keys() and all(
                    abs(n + factor * found[f]) < 1e-9 * abs(n) for f, n in other.items()
                ):
                    return name
            return ""

        return side(pair[0], "L"), side(pair[1], "U")

    def product(self, factors: Any, number: Any, window: tuple[Any, ...] = ()) -> Any:
        """A number times factors in a window."""
        return coefficient(Term(0, (), window, tuple(factors), (), number), self.dims, None)  # type: ignore[arg-type]

    def weights(self, k: int, found: Any, ends: Any, common: Any, strength: Any, box: BoxLaplace) -> Any:
        """The weights of the free faces normal to dim k."""
        dim, n = self.dims.names[k], self.sizes[k]
        if self.periodic[k]:  # the faces are the lower ones of the cells
            found = {tuple(self.canonical([f.moved(dim, -1) for f in factors])): c for factors, c in found.items()}
            found = {self.inside(factors): c for factors, c in found.items()}
            return self.expanded(self.sum(found, common, strength, ()), box, dim, n)
        parts = []
        for end in "L U":
            if end == " ":
                parts.append((self.sum(found, common, strength, ((dim, 0, n - 1),)), n - 1))  # type: ignore[operator]
            elif (k, end) in ends:
                at = (dim, 0, 1) if end == "L" else (dim, n - 1, n)  # type: ignore[operator]
                parts.append((self.sum(ends[k, end], common, -2 * strength, (at,)), 1))
        if not any(hasattr(v, "shape") for v, _ in parts):
            return expand(
                constant(np.concatenate([np.full(m, float(v)) for v, m in parts]), self.dims[dim].with_size(None)),
                box.face_resolution(dim),
            )
        pieces = [self.expanded(v, box, dim, m) for v, m in parts]
        return concat(pieces, dim) if len(pieces) > 1 else pieces[0]

    def inside(self, factors: Any) -> Any:
        """Factors of a periodic dim that can be read on the whole grid: those at an offset are rolled."""
        from phiml_core.math import roll

        found = []
        for f in factors:
            at, value = [], f.tensor
            for name, d, offset in f.at:
                if d in self.dims.names and offset and self.periodic[self.dims.index(d)]:
                    if value.shape.get_size(name) != self.dims.get_size(d):
                        raise _Fails
                    value, offset = roll(value, {name: -offset}), 0
                at.append((name, d, offset))
            found.append(Factor(value, tuple(at)))
        return tuple(found)

    def sum(self, found: Any, common: Any, strength: Any, window: Any) -> Any:
        total: Any = None
        for factors, number in found.items():
            rest = [f for f in factors if f not in common]
            value = self.product(rest, number / strength, window)
            total = value if total is None else total + value
        return total

    def expanded(self, value: Any, box: BoxLaplace, dim: str, count: Any) -> Any:
        value = value if hasattr(value, "shape") else wrap(float(value))
        return expand(value, box.face_resolution(dim).with_size(count, dim))
