"""Code that type checkers refuse, each at the line that says so."""

from phiml_core.dispatch import generic


@generic
def area(shape: object, scale: float = 1.0) -> float:
    """Area in square units."""
    ...


area()  # error: an argument is missing
area(1, scale="wide")  # error: of another type
area(1, size=2)  # error: no such parameter
name: str = area(1)  # error: the result is a number
area.dispatch_all()  # error: a word has no such attribute
