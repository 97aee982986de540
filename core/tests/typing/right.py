"""Code that type checkers accept: a word has the signature and result of its declaration."""

from typing import assert_type

from phiml_core.dispatch import generic, methods
from phiml_core.shape import Shape, spatial
from phiml_core.shape import shape as shape_of


class Disc:
    radius: float = 1.0


@generic
def area(shape: object, scale: float = 1.0) -> float:
    """Area in square units."""
    ...


@area.dispatch
def _(shape: Disc, scale):
    return 3.14 * shape.radius**2 * scale


@generic(on=("a", "b"))
def overlap(a: object, b: object, *, exact: bool = False) -> bool:
    """Whether two shapes overlap."""
    ...


overlap.register((Disc, Disc), lambda a, b, *, exact: True)

assert_type(area(Disc()), float)
assert_type(area(shape=Disc(), scale=2.0), float)
assert_type(overlap(Disc(), Disc(), exact=True), bool)
assert_type(area.__name__, str)
assert_type([m.owner for m in methods(area)], list[str])
assert_type(shape_of(spatial(x=4)), Shape)  # the function, not the module of the same name
