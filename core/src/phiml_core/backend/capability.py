"""What a backend may lack, by name: the vocabulary of `Backend.cannot`.

A backend declares an inability as `cannot = {"second gradient": "why"}`, or for one word alone as
`cannot = {"gradient of sort": "why"}`, where the word is an array primitive (`sort`) or a function of tensors (`cond`).
What is declared has to raise `NotSupported`, `NoGradient` or another subclass of `NotImplementedError`; what is not
declared has to work.  `pytest --pyargs phiml_core.conformance` checks both.
"""

from collections.abc import Mapping

__all__ = ["CAPABILITIES", "NotSupported", "inability"]


class NotSupported(NotImplementedError):
    """A backend was asked for what it declares that it cannot do."""


CAPABILITIES = {
    "gradient": "derivatives, in reverse mode",
    "second gradient": "derivatives of derivatives",
    "compiled gradient": "derivatives inside compiled functions, and of compiled functions",
    "while gradient": "derivatives of `while_loop` with an unknown number of steps, in compiled code",
    "complex": "complex numbers",
    "complex gradient": "derivatives through complex numbers",
    "float16": "floating point numbers of 16 bits",
    "vmap": "functions of arrays for each item along an axis (`Backend.vmap`)",
    "dlpack": "giving arrays to other libraries without copy, by the DLPack protocol",
    "callback": "functions of NumPy arrays called from compiled code",
}
"""Every capability and what it means.  What is not listed here cannot be declared as missing."""

_IMPLIED = {
    "second gradient": "gradient",
    "compiled gradient": "gradient",
    "while gradient": "gradient",
    "complex gradient": "gradient",
}


def inability(cannot: Mapping[str, str], capability: str, word: str = "") -> str | None:
    """Why a backend that declares `cannot` lacks a capability, at all or for one word; None if it has it.

    Raises:
        KeyError: there is no such capability.
    """
    if capability not in CAPABILITIES:
        raise KeyError(f"{capability!r} is no capability.  Known: {', '.join(CAPABILITIES)}.")
    wider = _IMPLIED.get(capability)
    names = [capability, f"{capability} of {word}"] if word else [capability]
    found = next((cannot[n] for n in names if n in cannot), None)
    return inability(cannot, wider, word) if found is None and wider else found
