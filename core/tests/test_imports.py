"""What `import phiml_core` imports, and what it leaves alone."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import phiml_core
import pytest

LATER = ["jax", "jaxlib", "torch", "tensorflow", "scipy", "pluggy", "matplotlib", "tqdm", "phiml_jax", "phiml_solvers",
         "phiml_physics", "phiml_vis"]  # fmt: skip


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_nothing_is_imported_before_it_is_needed():
    code = """
import sys, phiml_core
from phiml_core import math
x = math.zeros(math.spatial(x=4, y=3), math.channel(vector='x,y'))
(math.pad(x, {'x': (1, 1)}, 'periodic') + 1).sum
math.random_normal(math.spatial(x=3))
print(*{name.partition('.')[0] for name in sys.modules})
"""
    assert sorted(set(run(code)) & set(LATER)) == []


def test_nothing_process_wide_is_changed():
    code = """
import os, sys, threading, warnings
import numpy
before = dict(os.environ), numpy.geterr(), len(warnings.filters), threading.active_count(), sys.getrecursionlimit()
import phiml_core
from phiml_core import math
math.zeros(math.spatial(x=4)) + 1
after = dict(os.environ), numpy.geterr(), len(warnings.filters), threading.active_count(), sys.getrecursionlimit()
assert before == after, (before, after)
"""
    run(code)


def test_a_star_import_replaces_no_builtin():
    names = run(
        "import builtins; before = set(dir(builtins)); from phiml_core.math import *; print(*(set(dir()) & before))"
    )
    assert [n for n in names if not n.startswith("__")] == []


def modules():
    for found in pkgutil.walk_packages(phiml_core.__path__, "phiml_core."):
        if not found.name.endswith("__main__"):
            yield found.name


@pytest.mark.parametrize("name", ["phiml_core", *modules()])
def test_public_names_and_examples(name):
    """Each public name exists, and the examples in docstrings give what they say."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public), f"{name}.{public}"
    for test in examples(module):
        report = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(test, out=report.append)
        assert runner.failures == 0, "".join(report)


def examples(module):
    """The examples in docstrings of a module, those of words among them."""
    found = doctest.DocTestFinder().find(module, module.__name__, globs=vars(module).copy())
    return [t for t in found if t.examples]


def test_examples_are_found():
    pad = examples(importlib.import_module("phiml_core.ops.pad"))
    assert [t.name for t in pad] == ["phiml_core.ops.pad.pad"]
    total = [t for name in modules() for t in examples(importlib.import_module(name))]
    assert len(total) >= 15
