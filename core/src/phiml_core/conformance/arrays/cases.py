"""All cases of array words."""

from . import (  # noqa: F401  (importing them registers the cases)
    cases_binary,
    cases_create,
    cases_elementwise,
    cases_linalg,
    cases_reduce,
    cases_sparse,
    cases_spectral,
    cases_structure,
)
from .case import CASES

__all__ = ["ALL", "CASES"]

ALL = [case for family in CASES.values() for case in family]
