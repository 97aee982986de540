"""What can go wrong with units."""

__all__ = ["UnitsError"]


class UnitsError(TypeError):
    """The units of the operands do not fit the operation."""

    def __init__(self, operation: str, given: str, expected: str, remedy: str):
        super().__init__(f"Cannot compute {operation} of {given}.  Expected {expected}.  {remedy}")
