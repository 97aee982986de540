"""The smoke plume as a user writes it, in one, two and three dimensions, and what the proofs measure on it."""

from pathlib import Path
from typing import Any

import numpy as np
from phiml_physics.flow import *

LENGTH = 100.0
GOAL = {32: 1e-5, 64: 1e-10}
"""What may be left of the divergence, max |div v| h / max |v|, by bits."""
AGREE = {32: 1e-4, 64: 1e-10}
"""How closely two ways of computing the same steps agree, relative to the largest value, by bits."""
BOUNDARIES = ("closed", "open top", "periodic")
OBSTACLES = ("none", "disc", "picture", "boxes")
PICTURE = Path(__file__).parents[2] / "examples" / "images" / "obstacle.png"


def axes_of(dims: int) -> str:
    """Names of the axes; y points up."""
    return {1: "y", 2: "xy", 3: "xyz"}[dims]


def boundary_of(name: str, dims: int) -> Any:
    """The boundary of the velocity."""
    if name == "periodic":
        return PERIODIC
    sides: dict[str, Any] = dict.fromkeys(axes_of(dims), 0)
    return {**sides, "y": (0, ZERO_GRADIENT)} if name == "open top" else 0


def extent_of(sizes: tuple[int, ...]) -> list[float]:
    """Lengths of the edges of a box of cubic cells that is 100 long along its first axis."""
    return [LENGTH * n / sizes[0] for n in sizes]


def cells_of(sizes: tuple[int, ...]) -> dict[str, Any]:
    """Keywords of the grids."""
    axes = axes_of(len(sizes))
    return {**dict(zip(axes, sizes)), "bounds": Box(**dict(zip(axes, extent_of(sizes))))}


def obstacle_of(name: str, sizes: tuple[int, ...]) -> tuple[Obstacle, ...]:
    """A ball, the example picture (without end along z), or boxes at random places, a fifth of the volume."""
    axes, extent = axes_of(len(sizes)), extent_of(sizes)
    if name == "none":
        return ()
    if name == "disc":
        center = {a: c * e for a, c, e in zip(axes, (0.52, 0.57, 0.55), extent)}
        return (Obstacle(Sphere(**center, radius=0.173 * LENGTH)),)
    if name == "picture":
        place = Box(**{a: (0.27 * e, 0.73 * e) for a, e in zip("xy", extent)})
        return (Obstacle(image_geometry(PICTURE, place)),)
    rng = np.random.default_rng(3)
    boxes, covered = [], 0.0
    while covered < 0.2:  # counting twice where they overlap
        size = [rng.uniform(0.04, 0.2) * e for e in extent]
        lower = [rng.uniform(0, e - s) for s, e in zip(size, extent)]
        boxes.append(Obstacle(Box(**{a: (low, low + s) for a, low, s in zip(axes, lower, size)})))
        covered += float(np.prod(size) / np.prod(extent))
    return tuple(boxes)


def waves(*x: Any) -> tuple[Any, ...]:
    """A velocity of a few long waves that also blows against walls."""
    k = 2 * PI / LENGTH
    return tuple(
        0.4 + math.sin(k * sum((1 + (i + j) % 2) * c for j, c in enumerate(x)) + i) + 0.5 * math.cos(k * c)
        for i, c in enumerate(x)
    )


def noise_like(tensors: Any, seed: int = 0) -> list[Any]:
    """A tensor of normally distributed numbers like each of `tensors`, in the precision of the context."""
    rng = np.random.default_rng(seed)
    kind = np.float64 if math.get_precision() == 64 else np.float32
    return [
        tensor(rng.normal(size=t.shape.sizes).astype(kind), t.shape.with_sizes((None,) * t.shape.rank)) for t in tensors
    ]


def with_components(v: StaggeredGrid, components: Any) -> StaggeredGrid:
    """A velocity with other values on its faces."""
    return v.with_values(stack(dict(zip(v.geometry.names, components)), channel("vector")))


def velocity_of(kind: str, boundary: str, sizes: tuple[int, ...]) -> StaggeredGrid:
    """A velocity with divergence: 'smooth' or 'rough', which differs from face to face."""
    v = StaggeredGrid(waves, boundary_of(boundary, len(sizes)), **cells_of(sizes))
    return v if kind == "smooth" else with_components(v, noise_like(v.components))


def start_of(boundary: str, sizes: tuple[int, ...]) -> tuple[StaggeredGrid, CenteredGrid, CenteredGrid]:
    """Velocity, smoke and pressure of a fluid at rest."""
    v = StaggeredGrid(0, boundary_of(boundary, len(sizes)), **cells_of(sizes))
    s = CenteredGrid(0, PERIODIC if boundary == "periodic" else ZERO_GRADIENT, **cells_of(sizes))
    return v, s, fluid.make_incompressible(v)[1]


def source_of(smoke: CenteredGrid) -> CenteredGrid:
    """Where smoke flows in: a ball near the ground, off the middle."""
    extent = [float(e) for e in smoke.bounds.size]
    center = {n: (0.16 if n == "y" else 0.46) * e for n, e in zip(smoke.geometry.names, extent)}
    return resample(Sphere(**center, radius=0.11 * LENGTH), to=smoke, soft=True)


def step(
    v: Any,
    s: Any,
    p: Any,
    obstacle: Any = (),
    inflow: Any = 0.2,
    buoyancy: Any = 0.1,
    dt: Any = 1.0,
    source: Any = None,
) -> Any:
    """One step of the plume."""
    up = wrap([float(n == "y") for n in v.geometry.names], channel(vector=v.geometry.names))
    s = advect.mac_cormack(s, v, dt) + inflow * dt * (source_of(s) if source is None else source)
    v = advect.semi_lagrangian(v, v, dt) + resample(s * (buoyancy * up), to=v) * dt
    v, p = fluid.make_incompressible(v, obstacle, Solve(x0=p))
    return v, s, p


def remaining(v: StaggeredGrid) -> float:
    """max |div v| h / max |v|, computed with NumPy in double precision from the velocity on the faces alone."""
    names: Any = v.geometry.names
    total: Any = 0.0
    fastest = 0.0
    for axis, (n, c, dx) in enumerate(zip(names, v.components, v.geometry.spacing)):
        faces = c.numpy((*c.shape.batch.names, *names)).astype(float)
        axis -= len(names)
        fastest = np.maximum(fastest, np.abs(faces).max(tuple(range(-len(names), 0))))
        stored = v.boundary.component(n).outer_faces(n)
        if stored == (True, False):  # periodic
            faces = np.concatenate([faces, faces.take([0], axis)], axis)
        else:  # faces that are not stored lie in walls at rest
            widths = [(0, 0)] * faces.ndim
            widths[axis] = (int(not stored[0]), int(not stored[1]))
            faces = np.pad(faces, widths)
        total = total + np.diff(faces, axis=axis) / dx
    worst = np.abs(total).max(tuple(range(-len(names), 0))) * min(v.geometry.spacing)
    return float((worst / np.maximum(fastest, 1e-30)).max())


def arrays(*fields: Any) -> list[np.ndarray]:
    """All values of some grids as arrays, batch dims first, then x, y, z."""
    found = []
    for field in fields:
        for part in field.components if isinstance(field, StaggeredGrid) else [field.values]:
            found.append(part.numpy((*part.shape.batch.names, *sorted(part.shape.spatial.names))))
    return found


def distance(a: Any, b: Any) -> float:
    """The largest difference of states, each part relative to its largest value."""
    worst = 0.0
    for one, other in zip(a, b, strict=True):
        x, y = arrays(one), arrays(other)
        largest = max(np.abs(v).max() for v in x)
        worst = max(worst, *(np.abs(v - w).max() / largest for v, w in zip(x, y, strict=True)))
    return worst
