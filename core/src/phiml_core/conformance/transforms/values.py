"""Values that several tests share."""

import dataclasses

import numpy as np

from phiml_core.math import spatial, tensor
from phiml_core.transform import status

__all__ = ["State", "TooLarge", "checked", "close", "vector"]


@dataclasses.dataclass(frozen=True)
class State:
    """A tree with two values and a static name."""

    value: object
    count: object = 0
    label: str = "s"
    __value_attrs__ = ("value", "count")


class TooLarge(ValueError):
    """What `checked` reports."""


def checked(value, limit):
    """`value`, reported where it exceeds a limit."""
    status.report("size", value > limit, {"v": value}, lambda values: TooLarge(f"{float(values['v'].max):.0f}"))
    return value


def vector(*numbers, dim="x"):
    """A tensor of the backend and precision of the context."""
    return tensor([float(n) for n in numbers], spatial(dim))


def close(found, expected, tolerance=1e-5):
    """Both hold the same values, whatever the order of dims in memory."""
    np.testing.assert_allclose(found.numpy(found.shape.names), expected, rtol=tolerance, atol=tolerance)
