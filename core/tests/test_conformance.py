"""The conformance kit itself: it passes what is right, and fails what is wrong, undeclared, falsely declared or forgotten."""

import importlib.metadata
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from phiml_core.backend import Backend, backend_named
from phiml_core.backend.capability import CAPABILITIES, inability
from phiml_core.conformance import parts
from phiml_core.conformance.bounds import bound, check_close
from phiml_core.conformance.claims import claimed
from phiml_core.conformance.report import Record
from phiml_core.conformance.table import main, table

BACKEND = '''
"""NumPy arrays in a box, as a backend of their own."""

import numpy as np
from phiml_core.backend import Backend, primitive, register_backend
from phiml_core.backend.numpy import NumPy
from phiml_core.dispatch import generic


class Boxed:
    def __init__(self, array):
        self.array = np.asarray(array)

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)


def inner(value):
    return tuple(map(inner, value)) if isinstance(value, tuple) else value.array if isinstance(value, Boxed) else value


class Box(Backend):
    name = "boxed"
    array_types = (Boxed,)
    rank = 1
    cannot = {"gradient": "none", "vmap": "none", "dlpack": "none"}

    def as_array(self, x, dtype=None, device=None):
        return Boxed(np.array(inner(x), None if dtype is None else dtype.to_numpy()))

    def to_numpy(self, x):
        return x.array


def boxed(method):
    return lambda first, *args: Boxed(method(inner(first), *map(inner, args)))


for name in primitive.__all__:
    word = getattr(primitive, name)
    made = name in ("zeros", "full", "arange", "random_bits")
    word.register((Box if made else Boxed,), boxed(word.resolve(NumPy if made else np.ndarray)))
register_backend(Box())
'''


@pytest.fixture
def kit(tmp_path):
    """Runs the kit on the backend above in an empty folder, after some more lines of code."""

    def run(*arguments, also=""):
        (tmp_path / "boxed.py").write_text(BACKEND + also, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "boxed",
            "-p",
            "no:cacheprovider",
            "--pyargs",
            "phiml_core.conformance",
        ]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": ""}
        return subprocess.run([*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


SOME = (
    "--backend",
    "boxed",
    "--part",
    "arrays",
    "-k",
    "cumsum or cumulative or along_one_dim or test_for_each_item or half",
)


def test_a_right_backend_passes(kit, tmp_path):
    found = kit(*SOME, "--capabilities", "found.json")
    assert found.returncode == 0, found.stdout
    summary = json.loads((tmp_path / "found.json").read_text())
    assert summary["backend"] == "boxed" and summary["parts"]["arrays"]["passed"] > 10
    states = {name: c["state"] for name, c in summary["capabilities"].items()}
    assert states["float16"] == "works" and states["vmap"] == "declared" and states["callback"] == "not run"


def test_a_wrong_word_fails(kit):
    wrong = "primitive.cumsum.register((Boxed,), lambda x, axis: Boxed(np.cumsum(x.array[::-1], axis=axis, dtype=x.dtype)))\n"
    found = kit(*SOME, also=wrong)
    assert found.returncode == 1 and "test_values[cumsum-0-32]" in found.stdout and "elements are off" in found.stdout
    assert "test_compiled[32-reduce]" not in found.stdout  # not among what was chosen


def test_a_wrong_type_fails(kit):
    wrong = "primitive.cumsum.register((Boxed,), lambda x, axis: Boxed(np.cumsum(x.array, axis=axis, dtype=float)))\n"
    found = kit(*SOME, also=wrong)
    assert found.returncode == 1 and "float64, not float32" in found.stdout


def test_working_in_place_fails(kit):
    wrong = "primitive.sort.register((Boxed,), lambda x, axis: (x.array.sort(axis=axis), x)[1])\n"
    found = kit("--backend", "boxed", "--part", "arrays", "-k", "test_values and sort", also=wrong)
    assert found.returncode == 1 and "FAILED arrays/test_words.py::test_values[sort-0" in found.stdout.replace(
        "\\", "/"
    )


def test_a_lack_that_is_not_declared_fails(kit):
    found = kit(*SOME, also="Box.cannot = {'gradient': 'none', 'dlpack': 'none'}\n")
    assert found.returncode == 1 and "does not vectorise functions" in found.stdout


def test_a_false_declaration_fails(kit):
    found = kit(*SOME, also="Box.cannot = {**Box.cannot, 'float16': 'so I say'}\n")
    assert found.returncode == 1
    assert "declares that it lacks 'float16' (so I say), but raised no NotImplementedError" in found.stdout


def test_a_new_word_without_a_case_fails(kit):
    also = """
def brandnew(x):
    "A word that nobody has written a case for."

brandnew.__module__ = "phiml_core.backend.primitive.elementwise"
primitive.brandnew = generic(brandnew)
from phiml_core import math
math.brandnew = brandnew
math.__all__.append("brandnew")
"""
    found = kit(
        "--backend", "boxed", "--part", "arrays", "-k", "test_array_word or test_function_of_tensors", also=also
    )
    assert found.returncode == 1
    assert "the array word brandnew has no case" in found.stdout
    assert "math.brandnew has no case" in found.stdout
    assert "2 failed" in found.stdout


def test_a_backend_that_is_not_installed(kit):
    found = kit("--backend", "nonsense")
    assert found.returncode == 4 and "nonsense" in found.stderr and "not installed" in found.stderr


def test_parts(kit):
    found = kit("--collect-only", "--part", "transforms", "--part", "physics")
    assert found.returncode == 0
    assert "transforms/test_loops" in found.stdout.replace("\\", "/") and "arrays/" not in found.stdout
    found = kit("--part", "nonsense")
    assert found.returncode == 4 and "No part 'nonsense'" in found.stderr and "arrays, transforms" in found.stderr


ANNOUNCED = "[phiml.conformance]\n{name} = torus.proofs\n"


@pytest.fixture
def torus(tmp_path):
    """Installs a distribution that announces a part of the kit; its package says so if it is imported."""

    def install(name="torus"):
        info = tmp_path / "torus-1.dist-info"
        proofs = tmp_path / "torus" / "proofs"
        for folder in (info, proofs):
            folder.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torus\nVersion: 1\n")
        (info / "entry_points.txt").write_text(ANNOUNCED.format(name=name))
        (tmp_path / "torus" / "__init__.py").write_text("open('imported', 'w').close()\n")
        (proofs / "__init__.py").write_text("")
        names = "bits, double, on_it, place, proves"
        (proofs / "conftest.py").write_text(f"from phiml_core.conformance.fixtures import {names}\n")
        (proofs / "test_ring.py").write_text(RING)

    return install


RING = """
from phiml_core import math
from phiml_core.backend import backend_named

def test_of_torus(place, bits):
    assert place is backend_named("boxed") and math.get_precision() == bits
    assert math.ones(math.spatial(x=2)).backend is place
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_part_of_somebody_else_runs(kit, torus, tmp_path, workers):
    torus()
    found = kit("--backend", "boxed", "--part", "torus", "--capabilities", "found.json", *workers)
    assert found.returncode == 0, found.stdout + found.stderr
    assert json.loads((tmp_path / "found.json").read_text())["parts"] == {"torus": {"passed": 2}}


def test_each_announced_part_is_among_all(kit, torus):
    torus()
    found = kit("--backend", "boxed", "-k", "test_of_torus or test_batch_equals_one_by_one", "--collect-only")
    assert found.stdout.count("test_of_torus") == 2 and "test_plume.py" in found.stdout, found.stdout + found.stderr


def test_what_does_not_run_is_not_imported(kit, torus, tmp_path):
    torus()
    assert kit("--backend", "boxed", "--part", "transforms", "-k", "test_scan").returncode in (0, 5)
    assert not (tmp_path / "imported").exists()


def test_a_part_that_two_announce(kit, torus):
    torus("physics")
    found = kit("--backend", "boxed")
    assert found.returncode == 4 and "only one may have it" in found.stderr
    assert "torus (torus.proofs)" in found.stderr and "phiml-physics (phiml_physics.conformance)" in found.stderr


def test_a_part_that_is_not_where_it_is_said_to_be(kit, torus, tmp_path):
    torus()
    (tmp_path / "torus" / "proofs").rename(tmp_path / "torus" / "moved")
    found = kit("--backend", "boxed", "--part", "torus")
    assert found.returncode == 4 and "torus.proofs, which is not there" in found.stderr


def test_parts_that_are_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: ())
    parts.packages.cache_clear()
    try:
        assert list(parts.packages()) == ["arrays", "transforms"]
        with pytest.raises(parts.PartError, match="pip install phiml-solvers"):
            parts.folder("solvers")
    finally:
        parts.packages.cache_clear()
    text = table([Record(backend_named("numpy"), {"solvers": "phiml-solvers"}).summary()])
    assert "* numpy, part solvers left out: phiml-solvers is not installed." in text


def test_other_runs_of_pytest_are_left_alone(tmp_path):
    """Neither options nor imports: a project may have a `--backend` of its own."""
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--backend')\n")
    (tmp_path / "test_it.py").write_text("import sys\ndef test_it():\n    assert 'phiml_core' not in sys.modules\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--backend", "mine", str(tmp_path)]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTEST_ADDOPTS": ""}
    )
    assert found.returncode == 0, found.stdout + found.stderr


# --- parts ---


def test_bounds_follow_the_condition():
    x = np.array([1.0, 2.0])
    (plain,) = bound(lambda x: (x * 2,), [x], 32, pointwise=True)
    assert (plain <= 16 * 2 * 2.0**-23 * 2 * x * 1.01).all()
    (cancelling,) = bound(lambda x: (x - np.array([1.0, 2.0]) * 0.999,), [x], 32, pointwise=True)
    assert (cancelling > 0.9 * 16 * 2.0**-23 * x).all()  # a thousand times the size of the result
    (exact,) = bound(lambda x: (x > 1,), [x], 32)
    assert exact == 0


def test_comparing():
    check_close(np.array([1.0, np.nan, np.inf]), np.array([1.0 + 1e-9, np.nan, np.inf]), 1e-8, "x")
    for wrong in ([1.1, np.nan, np.inf], [1.0, 0.0, np.inf], [1.0, np.nan, -np.inf], [np.nan] * 3):
        with pytest.raises(AssertionError, match=r"x: [12] of 3"):
            check_close(np.array(wrong), np.array([1.0, np.nan, np.inf]), 1e-8, "x")
    with pytest.raises(AssertionError, match="sizes"):
        check_close(np.ones(2), np.ones(3), 1, "x")


def test_declarations():
    class Some(Backend):
        name = "some"
        can_differentiate = True
        cannot = {"while gradient": "loops", "gradient of sort": "order"}  # noqa: RUF012

    some = Some()
    assert some.inability("gradient") is None and some.inability("gradient", "sort") == "order"
    assert some.inability("second gradient", "sort") == "order" and some.inability("while gradient") == "loops"
    assert some.inability("vmap", "sort") is None
    with pytest.raises(KeyError, match="no capability"):
        inability({}, "telepathy")
    assert "records no operations" in backend_named("numpy").inability("second gradient")
    with claimed(some, "gradient", "sort"):
        raise NotImplementedError
    with pytest.raises(pytest.fail.Exception, match="raised no NotImplementedError"), claimed(some, "gradient", "sort"):
        pass
    with pytest.raises(TypeError), claimed(some, "gradient", "sort"):
        raise TypeError


def run_of(name, **states):
    return {
        "backend": name, "compiles": name != "a", "parts": {"arrays": {"passed": 3, "failed": 1}}, "skipped": {"physics": "it is not here"},
        "capabilities": {n: {"state": states.get(n, "works"), "reason": "why" if n in states else ""} for n in CAPABILITIES},
        "exceptions": {"gradient of sort": "order"},
    }  # fmt: skip


def test_table(tmp_path):
    text = table([run_of("a", vmap="declared"), run_of("b")])
    assert "|  | a | b |" in text and "| compiles functions | runs them as they are | yes |" in text
    assert "(`Backend.vmap`) | no | yes |" in text and "| tests passed, arrays | 3 of 4 | 3 of 4 |" in text
    assert "* a, vmap: why." in text and "* b, gradient of sort: order." in text and "left out: it is not here." in text
    document, run = tmp_path / "doc.md", tmp_path / "a.json"
    run.write_text(json.dumps(run_of("a")))
    document.write_text("before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n")
    assert main([str(run), "--into", str(document)]) == 0
    text = document.read_text()
    assert (
        text.startswith("before\n<!-- table -->\n|  | a |")
        and text.endswith("<!-- end of table -->\nafter\n")
        and "old" not in text
    )
    document.write_text("no marks")
    with pytest.raises(SystemExit):
        main([str(run), "--into", str(document)])
