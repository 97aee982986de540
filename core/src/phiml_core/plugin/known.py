"""Distributions that provide a name, for the message when none of them is installed.

Only text for messages: what is installed is read from entry points, and a name missing here works all the same.
"""

__all__ = ["install_command"]

_DISTRIBUTIONS = {
    "backend.numpy": "phiml-core",
    "backend.jax": "phiml-jax",
    "backend.torch": "phiml-torch",
    "backend.tensorflow": "phiml-tf",
    "array.jax": "phiml-jax",
    "array.jaxlib": "phiml-jax",
    "array.torch": "phiml-torch",
    "array.tensorflow": "phiml-tf",
}
_KINDS = {"solver": "phiml-solvers", "field": "phiml-physics", "demo": "phiml-physics phiml-vis", "canvas": "phiml-vis"}


def install_command(name: str) -> str | None:
    """The pip command that installs what provides `name`, or None if nobody is known to.

    >>> install_command("backend.jax")
    'pip install phiml-jax'
    """
    distribution = _DISTRIBUTIONS.get(name) or _KINDS.get(name.partition(".")[0])
    return f"pip install {distribution}" if distribution else None
