"""What compiled functions read besides their arguments: through methods, classes, other modules, transforms and networks."""

import functools
import sys
import types

import pytest
from phiml_core import math
from phiml_core.math import spatial, tensor


def vector():
    return tensor([1.0, 2.0], spatial("x"))


OTHER = types.ModuleType("another_module_of_the_user")
exec(
    """
K = 2.0
def helper(x):
    return x * K
""",
    OTHER.__dict__,
)


@pytest.fixture(autouse=True)
def other(monkeypatch):
    monkeypatch.setitem(sys.modules, OTHER.__name__, OTHER)


class Settings:
    rate = 2.0


class Base:
    def move(self, x):
        return x * self.rate

    @property
    def double(self):
        return 2 * self.rate


class Model(Base):
    scale = 1.0

    def __init__(self, rate=2.0):
        self.rate = rate
        self.parts = {}

    def move(self, x):
        return super().move(x) * self.scale

    def __call__(self, x):
        for part in self.parts.values():
            x = part(x)
        return self.move(x)

    @staticmethod
    def fixed(x):
        return x * Settings.rate

    @classmethod
    def common(cls, x):
        return x * cls.scale

    @math.jit_compile
    def compiled(self, x):
        return self.move(x)


class Slim:
    __slots__ = ("rate",)

    def __init__(self):
        self.rate = 2.0


MODEL, INNER, OUTER = Model(), Model(), Model()
OUTER.parts["inner"] = INNER
HOLDER = types.SimpleNamespace(function=lambda x: x * MODEL.rate, method=MODEL.move)
SLIM = Slim()
SCALED = math.custom_gradient(lambda x: x * MODEL.rate, lambda inputs, y, dy: (dy * MODEL.rate,))
SLOPE = math.gradient(lambda x: math.sum(MODEL(x) * x), get_output=False)


def decorated(function):
    @functools.wraps(function)
    def changed(x):
        return function(x) * Settings.rate

    return changed


PROGRAMS = {
    "method": (lambda x: MODEL.move(x), MODEL, "rate"),
    "bound method": (MODEL.move, MODEL, "rate"),
    "compiled method": (MODEL.compiled, MODEL, "rate"),
    "call": (lambda x: MODEL(x), MODEL, "rate"),
    "part": (lambda x: OUTER(x), INNER, "rate"),
    "inherited": (lambda x: Model.common(x) * MODEL.move(x), MODEL, "rate"),
    "property": (lambda x: MODEL.double * x, MODEL, "rate"),
    "default of a class": (lambda x: MODEL(x), Model, "scale"),
    "class method": (Model.common, Model, "scale"),
    "class": (lambda x: x * Settings.rate, Settings, "rate"),
    "static method": (lambda x: MODEL.fixed(x), Settings, "rate"),
    "decorator": (decorated(lambda x: x), Settings, "rate"),
    "slots": (lambda x: x * SLIM.rate, SLIM, "rate"),
    "module": (lambda x: OTHER.helper(x), OTHER, "K"),
    "imported function": (lambda x, helper=OTHER.helper: helper(x), OTHER, "K"),
    "function as attribute": (lambda x: HOLDER.function(x), MODEL, "rate"),
    "method as attribute": (lambda x: HOLDER.method(x), MODEL, "rate"),
    "partial": (functools.partial(lambda model, x: model.move(x), MODEL), MODEL, "rate"),
    "default argument": (lambda x, model=MODEL: model(x), MODEL, "rate"),
    "hand-written derivative": (lambda x: SCALED(x), MODEL, "rate"),
    "derivative": (lambda x: SLOPE(x), MODEL, "rate"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_changes_is_traced_again(framework, monkeypatch, program):
    function, place, name = PROGRAMS[program]
    compiled = math.jit_compile(lambda x: function(x))
    before = compiled(vector())
    compiled(vector())
    assert compiled.traces == 1 and math.trace_check(compiled, vector())[0]
    factor = 3.0 / getattr(place, name)
    monkeypatch.setattr(place, name, 3.0)
    known, why = math.trace_check(compiled, vector())
    assert not known and f"{name} has changed" in why
    assert compiled(vector()).numpy().tolist() == pytest.approx((before * factor).numpy().tolist())
    assert compiled.traces == 2


def test_networks_that_change_their_mode():
    """What a package reads of its own objects is not known, but for switches."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(2, track_running_stats=True, dtype=torch.float32)
            self.scale = 1.0

        def forward(self, x):
            return self.norm(x) * self.scale

    net = Net()
    net.norm.running_mean += 5
    net.eval()
    compiled = math.jit_compile(lambda x: math.wrap(net(x.native("b,x")), x.shape))
    with math.backend("torch"):
        x = tensor([[1.0, 2.0], [3.0, 5.0]], math.batch("b"), spatial("x"))
        assert float(math.mean(compiled(x), "b,x")) < -1
        net.scale = 2.0
        assert float(math.mean(compiled(x), "b,x")) < -3
        net.train()
        assert float(math.mean(compiled(x), "b,x")) == pytest.approx(0, abs=1e-5)
