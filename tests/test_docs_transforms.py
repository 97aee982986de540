"""The tour of docs/transforms.md is run as it stands there, and with each other backend in the place of the one it uses."""

import importlib.util
import pathlib
import re

import pytest
from phiml_core.backend import default_backend, use

TEXT = (pathlib.Path(__file__).parent.parent / "docs" / "transforms.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
PACKAGES = {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}


@pytest.mark.parametrize("name", [n for n, package in PACKAGES.items() if importlib.util.find_spec(package)])
def test_tour(name, monkeypatch):
    monkeypatch.setenv("PHIML_TORCH_INDUCTOR", "0")
    assert len(BLOCKS) > 10
    scope: dict[str, object] = {}
    before = default_backend()
    try:
        for number, block in enumerate(BLOCKS, 1):
            code = block.replace('use("jax")', f"use({name!r})")
            exec(compile(code, f"<docs/transforms.md, block {number}>", "exec"), scope)
        assert default_backend().name == name
    finally:
        use(before)


def test_every_transform_is_shown():
    from phiml_core import transform

    own = {
        "forget_traces",
        "value_and_gradient",
        "GradientCheck",
        "GradientMismatch",
        "JitFunction",
        "CapturedGradient",
        "barrier",
        "differentiated_as",
        "cond",
    }
    names = {n.rstrip("_") for n in transform.__all__} - own
    assert {n for n in names if not re.search(rf"\b{n}\b", TEXT)} == set()
