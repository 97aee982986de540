"""Loading: once, isolated, in a fixed order, with cause and cure for what cannot be loaded."""

import re
import sys
import threading
import types
import warnings

import pytest
from phiml_core.dispatch import NoMethod, generic, methods
from phiml_core.plugin import BrokenPlugin, DuplicateProvider, PluginNotFound, PluginWarning
from phiml_core.plugin.manager import PluginManager


@generic
def paint(value):
    """A word of this test: what the plugins below register methods of."""


@generic
def blend(a, b):
    """Another, where ambiguity is possible."""


@pytest.fixture(autouse=True)
def word(monkeypatch):
    """The word where the plugins can import it, without methods left over from another test."""
    paint.methods.set_methods(())
    blend.methods.set_methods(())
    module = types.ModuleType("word_of_test")
    module.paint, module.blend = paint, blend
    monkeypatch.setitem(sys.modules, "word_of_test", module)


REGISTERS = """
import word_of_test

class Canvas: pass

@hookimpl
def phiml_register():
    word_of_test.paint.register((Canvas,), lambda value: 'painted')
"""
REGISTERS_THEN_FAILS = REGISTERS + "    raise ZeroDivisionError('in the middle')\n"


def state(manager, name):
    return next(report for report in manager.reports() if report.name == name)


def test_loads_once_and_registers(site, manager):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": REGISTERS})
    entry = manager.index.plugin("a")
    assert state(manager, "a").state == "installed" and "mod_a" not in sys.modules
    assert manager.load(entry) is True
    assert manager.load(entry) is False
    assert paint(sys.modules["mod_a"].Canvas()) == "painted"
    assert state(manager, "a").state == "loaded"


def test_plugin_may_be_an_attribute(site, manager):
    source = """
    class Plugin:
        requires_core = '>=0.1,<0.2'
        registered = 0
        @hookimpl
        def phiml_register(self):
            Plugin.registered += 1
    class space: plugin = Plugin()
    """
    site.install("dist-a", {"a": "mod_a:space.plugin"}, {"mod_a": source})
    manager.demand(manager.index.plugin("a"))
    assert sys.modules["mod_a"].Plugin.registered == 1


def test_failure_is_rolled_back_and_reported_once(site, manager):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": REGISTERS_THEN_FAILS})
    site.install("dist-b", {"b": "mod_b"}, {"mod_b": REGISTERS})
    a, b = manager.index.plugin("a"), manager.index.plugin("b")
    with pytest.warns(
        PluginWarning, match=r"'a' of dist-a 1\.0.*ZeroDivisionError: in the middle.*mod_a\.py:"
    ) as caught:
        assert manager.load(a) is False
    assert len(caught) == 1
    assert not methods(paint)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert manager.load(a) is False  # known by now
        assert manager.load(b) is True  # not affected
    with pytest.raises(NoMethod):
        paint(sys.modules["mod_a"].Canvas())
    assert paint(sys.modules["mod_b"].Canvas()) == "painted"
    assert [r.state for r in manager.reports() if r.name in "ab"] == ["broken", "loaded"]


def test_strict_mode_raises(site, manager, monkeypatch):
    monkeypatch.setenv("PHIML_STRICT", "1")
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": REGISTERS_THEN_FAILS})
    with pytest.raises(BrokenPlugin, match="in the middle") as raised:
        manager.load(manager.index.plugin("a"))
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert not methods(paint)


def test_ambiguous_methods_are_rolled_back(site, manager):
    source = """
    import word_of_test
    class Canvas: pass

    @hookimpl
    def phiml_register():
        word_of_test.blend.register((Canvas, object), lambda a, b: 'left')
        word_of_test.blend.register((object, Canvas), lambda a, b: 'right')
    """
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": source})
    with pytest.raises(BrokenPlugin, match=r"does not fit: .*ambiguous"):
        manager.demand(manager.index.plugin("a"))
    assert not methods(blend)


def test_broken_method_is_reported_as_such(site, manager):
    source = """
    import word_of_test
    @hookimpl
    def phiml_register():
        @word_of_test.paint.dispatch
        def _(value: 'tuple[int, ...]'): ...
    """
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": source})
    with pytest.raises(BrokenPlugin, match="registers a method that does not fit"):
        manager.demand(manager.index.plugin("a"))
    assert not methods(paint)


@pytest.mark.parametrize(
    "source, cause, cure",
    [
        ("import sys; sys.exit(3)", r"SystemExit: 3", "PHIML_STRICT"),
        ("raise SyntaxError('bad')", r"SyntaxError: bad", "upgrade"),
        ("import framework_x", r"needs framework-x>=2, which is not installed", 'pip install "framework-x>=2"'),
        ("import other_y", r"imports 'other_y', which is not installed", "pip install --upgrade dist-a"),
        ("requires_core = '>=7,<8'", r"wants phiml-core >=7,<8, installed is 0\.", 'pip install "phiml-core>=7,<8"'),
        ("requires_core = 'seven'", r"'seven' is no range of versions; expected", "upgrade"),
        ("del requires_core", r"does not say which versions of phiml-core it supports", "authors"),
        ("@hookimpl\ndef phiml_unknown(): ...", r"does not fit the hooks .*unknown hook 'phiml_unknown'", "upgrade"),
        ("@hookimpl\ndef phiml_register(x): ...", r"does not fit the hooks .*phiml_register", "upgrade"),
    ],
)
def test_cause_and_cure(site, manager, source, cause, cure):
    site.install("dist-a", {"a": "mod_a"}, requires=["framework-x>=2", "unused; extra == 'x'"])
    (site.folder / "mod_a.py").write_text(
        "from phiml_core.plugin.hookspecs import hookimpl\nrequires_core = '>=0.1,<0.2'\n" + source
    )
    with pytest.raises(BrokenPlugin) as raised:
        manager.demand(manager.index.plugin("a"))
    assert re.search(cause, raised.value.cause, re.DOTALL) and cure in raised.value.cure
    assert state(manager, "a").state == "broken"


def test_metadata_is_checked_before_the_plugin_runs(site, manager):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": REGISTERS}, requires=["phiml-core>=7,<8"])
    with pytest.raises(BrokenPlugin, match="wants phiml-core"):
        manager.demand(manager.index.plugin("a"))
    assert "mod_a" not in sys.modules


def test_range_of_the_metadata_is_enough(site, manager):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": "del requires_core"}, requires=["phiml-core>=0.1,<0.2"])
    assert manager.demand(manager.index.plugin("a"))


@pytest.mark.parametrize("value", ["gone", "gone.plugin", "gone:plugin", "mod_a:gone", "mod_a.gone"])
def test_stale_entry_point(site, manager, value):
    site.install("dist-a", {"a": value}, {"mod_a": ""})
    with pytest.raises(BrokenPlugin, match="dist-a") as raised:
        manager.demand(manager.index.plugin("a"))
    assert "gone" in raised.value.cause and "entry point" in raised.value.cause
    assert "pip uninstall dist-a" in raised.value.cure


def test_interrupt_is_no_verdict(site, manager):
    source = (
        REGISTERS
        + "    import word_of_test as w\n    w.tries.append(1)\n    if len(w.tries) == 1: raise KeyboardInterrupt\n"
    )
    sys.modules["word_of_test"].tries = []
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": source})
    entry = manager.index.plugin("a")
    with pytest.raises(KeyboardInterrupt):
        manager.load(entry)
    assert not methods(paint) and state(manager, "a").state == "installed"
    assert manager.load(entry) is True


def test_plugin_may_need_another_while_it_loads(site, manager):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": REGISTERS})
    sys.modules["word_of_test"].manager = manager
    source = """
    import word_of_test as w
    @hookimpl
    def phiml_register():
        assert w.manager.demand(w.manager.index.plugin('a'))
        assert not w.manager.demand(w.manager.index.plugin('b'))   # it is being loaded
        import mod_a
        assert w.paint(mod_a.Canvas()) == 'painted'
    """
    site.install("dist-b", {"b": "mod_b"}, {"mod_b": source})
    assert manager.demand(manager.index.plugin("b"))


def test_threads_load_once(site, manager):
    source = """
    import time, word_of_test
    class Canvas: pass
    @hookimpl
    def phiml_register():
        time.sleep(0.05)
        word_of_test.count.append(1)
        word_of_test.paint.register((Canvas,), lambda value: 'painted')
    """
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": source})
    sys.modules["word_of_test"].count = count = []
    entry, barrier, answers = manager.index.plugin("a"), threading.Barrier(8), []

    def use():
        barrier.wait()
        manager.load(entry)
        answers.append(paint(sys.modules["mod_a"].Canvas()))  # whoever did not load it waited for it

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(count) == 1 and answers == ["painted"] * 8


def test_order_does_not_depend_on_the_path(site, tmp_path):
    order = []
    sys.modules["word_of_test"].order = order
    note = "import word_of_test\n@hookimpl\ndef phiml_register(): word_of_test.order.append(__name__)\n"
    site.install("dist-1", {"z": "mod_z"}, {"mod_z": note})
    site.install("dist-2", {"y": "mod_y"}, {"mod_y": note})
    site.install("dist-3", {"x": "mod_x"}, {"mod_x": note})
    full = PluginManager()
    index = full.index
    shuffled = type(index)({name: index.plugins[name] for name in ("x", "y", "z")}, {})
    PluginManager(lambda: shuffled).load_all()
    assert order == ["mod_x", "mod_y", "mod_z"]
    assert [name for name in index.plugins if name in "xyz"] == ["x", "y", "z"]


def test_two_plugins_of_one_name(site, manager):
    site.install("dist-b", {"a": "mod_b"}, {"mod_b": REGISTERS})
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": REGISTERS})
    with pytest.raises(
        DuplicateProvider, match=r"plugin 'a' is claimed by dist-a 1\.0 \(mod_a\) and dist-b 1\.0 \(mod_b\)"
    ):
        manager.index.plugin("a")
    reports = [report for report in manager.reports() if report.name == "a"]
    assert [report.state for report in reports] == ["broken", "broken"]
    assert "dist-b" in reports[0].cause and "dist-a" in reports[1].cause


def test_unknown_plugin(manager):
    with pytest.raises(PluginNotFound, match=r"no plugin 'nowhere'; installed plugins: "):
        manager.index.plugin("nowhere")


def test_answers_are_isolated_and_ordered(site, manager):
    site.install("dist-b", {"b": "mod_b"}, {"mod_b": "@hookimpl\ndef phiml_demos(): return {'two': len}"})
    site.install("dist-c", {"c": "mod_c"}, {"mod_c": "@hookimpl\ndef phiml_demos(): return {'three': len}"})
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": "@hookimpl\ndef phiml_demos(): return {}['none']"})
    for name in "cba":
        manager.load(manager.index.plugin(name))
    with pytest.warns(PluginWarning, match=r"In phiml_demos.*'a' of dist-a"):
        answers = list(manager.ask("phiml_demos"))
    assert [name for name, _ in answers] == ["b", "c"]
    assert answers[0][1] == {"two": len}


def test_errors_survive_pickling():
    import pickle

    for error in (BrokenPlugin("a", "dist-a 1.0", "why", "how"), DuplicateProvider("why", "how")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error) and str(copy) == str(error) and copy.cure == "how"


def test_backends_of_a_failed_plugin_are_forgotten(site, manager):
    from phiml_core.backend import backends

    source = """
    from phiml_core.backend import Backend, register_backend

    @hookimpl
    def phiml_register():
        backend = object.__new__(Backend)
        backend.name, backend.array_types = 'toy', ()
        register_backend(backend)
        raise OSError('no device')
    """
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": source})
    with pytest.raises(BrokenPlugin, match="OSError: no device"):
        manager.demand(manager.index.plugin("a"))
    assert "toy" not in backends()
