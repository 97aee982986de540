"""Draws obstacle.png: a whale that swims against the smoke.

usage: python draw_obstacle.py [PATH]
The outline is a closed Catmull–Rom spline through hand-set points, painted eight times larger and reduced, which leaves
an antialiased edge.  The background is transparent: the shape is what is opaque.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIZE, FINE = 256, 8

# Corners of the outline are listed twice. Units of pixels, y down as in the file.
BODY = [
    (22, 128), (27, 104), (50, 84), (86, 75), (122, 79), (152, 92), (176, 103), (194, 101), (203, 88), (200, 70),
    (190, 54), (190, 54), (206, 58), (217, 72), (221, 84), (229, 73), (241, 67), (251, 70), (251, 70),
    (245, 85), (234, 97), (222, 112), (206, 134), (180, 156), (148, 171), (112, 178), (76, 175), (46, 162), (28, 146),
]  # fmt: skip
FLIPPER = [(98, 160), (98, 160), (116, 166), (124, 184), (122, 206), (122, 206), (106, 198), (94, 182), (90, 166)]
EYE = (64, 122, 4.2)


def spline(points: list[tuple[float, float]], steps: int = 24) -> np.ndarray:
    """Points (n, 2) of the closed Catmull–Rom spline (1974) through `points`; doubled points are corners."""
    p = np.array(points, float)
    before, here, after, beyond = (np.roll(p, shift, axis=0)[:, None] for shift in (1, 0, -1, -2))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    cubic = here + 0.5 * t * (
        after - before + t * (2 * before - 5 * here + 4 * after - beyond + t * (3 * (here - after) + beyond - before))
    )
    return cubic[(here != after).any(-1)[:, 0]].reshape(-1, 2)


def draw() -> Image.Image:
    """The picture, with alpha."""
    mask = Image.new("L", (SIZE * FINE, SIZE * FINE))
    brush = ImageDraw.Draw(mask)
    for outline in (BODY, FLIPPER):
        brush.polygon([tuple(point) for point in FINE * spline(outline)], fill=255)
    picture = Image.new("RGBA", (SIZE, SIZE), "#1d3a5f")
    picture.putalpha(mask.resize((SIZE, SIZE), Image.Resampling.BOX))
    x, y, radius = EYE
    shine = Image.new("L", mask.size)
    ImageDraw.Draw(shine).ellipse([FINE * (c + s * radius) for s in (-1, 1) for c in (x, y)], fill=255)
    # The eye is painted, not cut out: the smoke must not look through it.
    color = Image.composite(
        Image.new("RGB", picture.size, "#f4efe2"),
        picture.convert("RGB"),
        shine.resize(picture.size, Image.Resampling.BOX),
    )
    color.putalpha(picture.getchannel("A"))
    return color


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("obstacle.png")
    draw().save(target, optimize=True)
    print(target)
