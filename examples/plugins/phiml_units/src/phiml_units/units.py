"""The layout: a tensor of values and a unit, with one method for each of the four words of layouts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core.backend import Backend, DType
from phiml_core.math import grid_sample, pad, wrap
from phiml_core.shape import Shape
from phiml_core.tensor import Tensor, contract, elementwise, reduce, restructure, show
from phiml_core.tree import tree_leaves, tree_map

from .errors import UnitsError
from .unit import ONE, Unit

__all__ = ["Units", "quantity"]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Units(Tensor):
    """Values in a unit other than 1.  Made by `quantity`, or by multiplying with a unit: `3.0 * METRE`."""

    values: Tensor
    unit: Unit

    layout_rank = 10  # above Dense (0) and Stacked (1): in a mixture, the methods below decide
    __value_attrs__ = ("values",)  # what is compiled and differentiated; the unit is static

    @property
    def shape(self) -> Shape:
        return self.values.shape

    @property
    def dtype(self) -> DType:
        return self.values.dtype

    @property
    def backend(self) -> Backend:
        return self.values.backend


def quantity(values: Any, unit: Unit) -> Tensor:
    """Values (a tensor, number or sequence) in a unit; in the unit 1 they are a plain tensor."""
    values = values if isinstance(values, Tensor) else wrap(values)
    unit = unit_of(values) * unit
    return plain(values) if unit == ONE else Units(plain(values), unit)


def unit_of(value: Any) -> Unit:
    """The unit of an operand: 1 for plain tensors and numbers."""
    return value.unit if isinstance(value, Units) else ONE


def plain(value: Any) -> Any:
    """An operand without its unit."""
    return value.values if isinstance(value, Units) else value


def common_unit(operation: str, values: Sequence[Any], fill: bool = False) -> Unit:
    """The unit that all values have.  Zero and infinity are the same in every unit; with `fill` so is any number.

    Raises:
        UnitsError: there are several.
    """
    units = list(dict.fromkeys(unit_of(v) for v in values if not (_is_number(v) and (fill or _in_any_unit(v)))))
    if len(units) > 1:
        raise UnitsError(
            operation,
            " and ".join("plain numbers" if u == ONE else repr(u) for u in units),
            "equal units",
            "Convert one of them, or go on with plain numbers: t.values.",
        )
    return units[0] if units else ONE


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _in_any_unit(value: Any) -> bool:
    return value == 0 or not math.isfinite(value)


# --- which unit the result of an element-wise operation has ---


def _same(name: str, values: Any) -> Unit:
    return common_unit(name, values)


def _compares(name: str, values: Any) -> Unit:
    common_unit(name, values)
    return ONE


def _first(name: str, values: Any) -> Unit:
    return unit_of(values[0])


def _none(name: str, values: Any) -> Unit:
    return ONE


def _product(name: str, values: Any) -> Unit:
    return unit_of(values[0]) * unit_of(values[1])


def _ratio(name: str, values: Any) -> Unit:
    return unit_of(values[0]) / unit_of(values[1])


def _root(name: str, values: Any) -> Unit:
    return unit_of(values[0]) ** 0.5


def _power(name: str, values: Any) -> Unit:
    base, exponent = values
    if not _is_number(exponent):  # the unit must not depend on a value
        given = f"{unit_of(base)!r} to the power of a tensor {exponent.shape} in {unit_of(exponent)!r}"
        raise UnitsError(name, given, "a plain number as exponent", "Write the exponent as a number, e.g. t**2.")
    return unit_of(base) ** exponent


def _choice(name: str, values: Any) -> Unit:
    return common_unit(name, values[1:], fill=True)


def _plain_only(name: str, values: Any) -> Unit:
    units = ", ".join(repr(unit_of(v)) for v in values)
    raise UnitsError(name, units, "plain numbers", "Divide by a scale first, e.g. t / (1.0 * METRE).")


RULES: dict[str, Any] = {
    **dict.fromkeys(("add", "subtract", "remainder", "maximum", "minimum", "clip"), _same),
    **dict.fromkeys(("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "atan2"), _compares),
    **dict.fromkeys(("negative", "positive", "abs", "real", "imag", "conj", "floor", "ceil", "round"), _first),
    **dict.fromkeys(("sign", "angle", "isfinite", "isnan", "isinf"), _none),
    **dict.fromkeys(("divide", "floor_divide"), _ratio),
    "multiply": _product,
    "sqrt": _root,
    "pow": _power,
    "where": _choice,
}


# --- the four words, and how quantities are printed ---


@elementwise.dispatch
def _(lead: Units, op, values):
    unit = RULES.get(op.name, _plain_only)(op.name, values)
    return quantity(op(*map(plain, values)), unit)


@reduce.dispatch
def _(lead: Units, op, dims):
    unit = lead.unit
    if op.name == "prod":
        unit = unit ** lead.shape.only(dims).volume
    elif op.name in ("argmax", "argmin"):
        unit = ONE
    elif op.name in ("any", "all"):
        _plain_only(op.name, (lead,))
    return quantity(op(lead.values, dims), unit)


@restructure.dispatch
def _(lead: Units, op, values, args):
    unit = common_unit(op.__name__, values, fill=True)
    if op in (pad, grid_sample):
        args = (args[0], _boundary(args[1], unit))
    return quantity(op(*map(plain, values), *args), unit)


def _boundary(mode: Any, unit: Unit) -> Any:
    """A boundary rule whose values are without unit, once they are known to have this one; plain values take it."""

    if not any(isinstance(leaf, Units) for leaf in tree_leaves(mode)):
        return mode

    def without_unit(value: Any) -> Any:
        if isinstance(value, Units):
            common_unit("pad", (Units(value, unit), value))
        return plain(value)

    return tree_map(without_unit, mode)


@contract.dispatch
def _(lead: Units, op, values, args):
    x, y = values
    return quantity(op(plain(x), args[0], plain(y), args[1]), unit_of(x) * unit_of(y))


@show.dispatch
def _(value: Units):
    return f"{show(value.values)} {value.unit!r}"
