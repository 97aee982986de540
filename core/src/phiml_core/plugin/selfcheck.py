"""How a backend shows that it works on this machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["CheckFailed", "SelfCheck"]


class CheckFailed(Exception):
    """Raised by a trial of a self-check that knows what is wrong.

    Attributes:
        cause: what is wrong, in one sentence.
        cure: what to do about it.
    """

    def __init__(self, cause: str, cure: str):
        super().__init__(cause)
        self.cause, self.cure = cause, cure


@dataclass(frozen=True)
class SelfCheck:
    """What `phiml doctor` asks one backend.

    A trial does something small for real, compares the result with the known answer, and returns a few words about what
    it did.  It raises `CheckFailed` if it knows cause and cure; any other exception is reported as it is.

    Attributes:
        backend: name of the backend, e.g. 'jax'.
        versions: the frameworks behind it and their versions.
        devices: one line for each device that can be used.
        compute: trial of arithmetic on arrays.
        compile: trial of compilation, None if the backend does not compile.
        differentiate: trial of a gradient, None if the backend has no gradients.
    """

    backend: str
    versions: Callable[[], Mapping[str, str]]
    devices: Callable[[], Sequence[str]]
    compute: Callable[[], str]
    compile: Callable[[], str] | None = None
    differentiate: Callable[[], str] | None = None
