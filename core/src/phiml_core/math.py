"""The functions of tensors, under the names that users of PhiML know: `from phiml_core import math`."""

from phiml_core.ops.elementwise import (
    abs_,
    arctan,
    round_,
)
from phiml_core.ops.reduce import (
    all_,
    any_,
    max_,
    min_,
    sum_,
)

abs = abs_  # noqa: A001  the names of Python's built-ins, for users of `math.`; a star import does not carry them
sum = sum_  # noqa: A001
max = max_  # noqa: A001
min = min_  # noqa: A001
any = any_  # noqa: A001
all = all_  # noqa: A001
round = round_  # noqa: A001
atan2 = arctan

__all__ = [
    "abs_", "all_", "any_", "arctan", "atan2", "max_", "min_", "round_", "sum_",
]  # fmt: skip
