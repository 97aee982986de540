"""Units as exponents of the base units of the SI."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["AMPERE", "CANDELA", "KELVIN", "KILOGRAM", "METRE", "MOLE", "ONE", "SECOND", "Unit"]

_RAISED = str.maketrans("0123456789/", "⁰¹²³⁴⁵⁶⁷⁸⁹ᐟ")


@dataclass(frozen=True)
class Unit:
    """A product of powers of base units.  Compared and hashed by its exponents, so that it can be static in a trace.

    >>> METRE / SECOND**2
    m/s²
    """

    exponents: tuple[tuple[str, Fraction], ...] = ()

    @classmethod
    def of(cls, exponents: dict[str, Fraction]) -> "Unit":
        """The unit with these exponents by symbol; zeros do not count."""
        return cls(tuple(sorted((symbol, e) for symbol, e in exponents.items() if e)))

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Unit):
            return NotImplemented
        mine, theirs = dict(self.exponents), dict(other.exponents)
        return Unit.of({s: mine.get(s, Fraction(0)) + theirs.get(s, Fraction(0)) for s in mine | theirs})

    def __rmul__(self, values: Any) -> Any:
        from .units import quantity

        return quantity(values, self)

    def __truediv__(self, other: Any) -> Any:
        return self * other**-1 if isinstance(other, Unit) else NotImplemented

    def __pow__(self, exponent: Any) -> "Unit":
        power = Fraction(exponent).limit_denominator(1000)
        return Unit.of({symbol: e * power for symbol, e in self.exponents})

    def __repr__(self) -> str:
        above = [_power(symbol, e) for symbol, e in self.exponents if e > 0]
        below = [_power(symbol, -e) for symbol, e in self.exponents if e < 0]
        return "·".join(above or "1") + "".join(f"/{part}" for part in below)


def _power(symbol: str, exponent: Fraction) -> str:
    return symbol if exponent == 1 else symbol + str(exponent).translate(_RAISED)


ONE = Unit()
METRE, SECOND, KILOGRAM, AMPERE, KELVIN, MOLE, CANDELA = (
    Unit(((symbol, Fraction(1)),)) for symbol in ("m", "s", "kg", "A", "K", "mol", "cd")
)
