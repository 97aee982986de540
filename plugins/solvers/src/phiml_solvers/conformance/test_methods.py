"""Each method on the kinds of systems it is for: solutions, derivatives and errors; see `kit`."""

import pytest
from phiml_core.conformance.claims import capability, claimed

from . import kit

ALL = tuple(s.name for s in kit.SYSTEMS)
FOR = {
    "CG": ("definite",),
    "CG-adaptive": ("definite",),
    "minres": ("definite", "indefinite"),
    "biCG-stab(2)": ("advection", "matrix", "function"),
    "GMres": ("advection", "matrix", "indefinite"),
    "lsmr": ("advection", "matrix"),
    "direct": ("indefinite", "advection", "matrix"),
    "scipy-GMres": ("matrix",),
    "auto": ALL,
}
PAIRS = [(m, s) for m, names in FOR.items() for s in kit.SYSTEMS if s.name in names]
ONCE = [next(p for p in PAIRS if p[0] == m) for m in FOR]


@pytest.mark.parametrize("method, system", PAIRS, ids=str)
def test_solutions(method, system, place, double):
    kit.prove_solution(method, system)


@pytest.mark.parametrize("method, system", ONCE, ids=str)
def test_single_precision(method, system, place):
    kit.prove_solution(method, system)


@pytest.mark.parametrize("method, system", [p for p in ONCE if p[0] in ("CG", "biCG-stab(2)", "auto")], ids=str)
def test_eager(method, system, place):
    kit.prove_solution(method, system, compiled=False)


@capability("gradient", "compiled gradient")
@pytest.mark.parametrize("method, system", PAIRS, ids=str)
def test_gradients(method, system, place, double):
    with claimed(place, "compiled gradient", "solve"):
        kit.prove_gradient(method, system)


@capability("gradient")
@pytest.mark.parametrize("method, system", [p for p in ONCE if p[0] in ("CG", "lsmr", "auto")], ids=str)
def test_eager_gradients(method, system, place, double):
    with claimed(place, "gradient", "solve"):
        kit.prove_gradient(method, system, compiled=False)


@pytest.mark.parametrize("method, system", [p for p in ONCE if p[0] != "CG-adaptive"], ids=str)
def test_errors(method, system, place, double):
    kit.prove_errors(method, system, iterative=method not in ("direct", "auto", "scipy-GMres"))


@pytest.mark.parametrize("name", ["jacobi", "ilu", "ic", "block", "none"])
def test_preconditioners(name, place, double):
    kit.prove_preconditioner(name, kit.SYSTEMS[0 if name != "ilu" else 2])
