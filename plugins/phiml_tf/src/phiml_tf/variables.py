"""Variables of TensorFlow among the arguments of transformed functions: their value at that moment is read, and recorded by
tapes."""

from typing import Any

from phiml_core.tree.flatten import flatten

from .tensors import VARIABLE
from .trait import TENSORFLOW

__all__: list[str] = []


def _value(variable: Any, leaves: list[Any]) -> Any:
    return flatten(TENSORFLOW.read(variable), leaves)


flatten.register((VARIABLE,), _value)
