"""Discovery without import, and loading on the first call that needs a plugin; each in a process of its own."""

import pytest

ARRAYS = """
import sys
print('plugin imported')

@hookimpl
def phiml_register():
    import word, arrays
    word.size.register((arrays.Array,), lambda value: 3)
"""
WORD = """
from phiml_core.dispatch import generic

@generic
def size(value):
    '''Number of entries.'''
"""


@pytest.fixture
def arrays(site):
    site.install("dist-a", {"a": "plugin_a"}, {"plugin_a": ARRAYS}, {"array.arrays": "a", "backend.arrays": "a"})
    (site.folder / "arrays.py").write_text("class Array: pass\n")
    (site.folder / "word.py").write_text(WORD)
    return site


def fine(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_import_reads_and_imports_nothing(arrays):
    code = """
    import importlib.metadata as m
    m.entry_points = m.distributions = lambda **_: 1 / 0
    import phiml_core, phiml_core.plugin, sys
    print({'pluggy', 'packaging.requirements', 'plugin_a', 'jax', 'torch', 'matplotlib'} & set(sys.modules))
    """
    assert fine(arrays.run(code)) == ["set()"]


def test_listing_imports_no_plugin(arrays):
    code = """
    from phiml_core.plugin import reports
    print([r.state for r in reports() if r.name == 'a'])
    """
    assert fine(arrays.run(code)) == ["['installed']"]


def test_first_call_loads(arrays):
    code = """
    import phiml_core.plugin, word, arrays
    print(word.size(arrays.Array()), word.size(arrays.Array()))
    class Mine(arrays.Array): pass
    print(word.size(Mine()))
    """
    assert fine(arrays.run(code)) == ["plugin imported", "3 3", "3"]


def test_subclass_of_a_provided_class_loads(arrays):
    code = """
    import phiml_core.plugin, word, arrays
    class Mine(arrays.Array): pass
    from phiml_core.plugin import load_provider
    print(load_provider((int, Mine)), load_provider((int, Mine)))
    """
    assert fine(arrays.run(code)) == ["plugin imported", "True False"]


def test_class_of_a_plugins_own_package_loads_it(site):
    site.install("dist-a", {"a": "own"}, {"own": "import word\nclass Mine: pass\n" + OWN})
    (site.folder / "word.py").write_text(WORD)
    assert fine(site.run("import phiml_core.plugin, word, own\nprint(word.size(own.Mine()))")) == ["4"]


OWN = """
@hookimpl
def phiml_register():
    word.size.register((Mine,), lambda value: 4)
"""


def test_backend_by_name(arrays):
    code = """
    from phiml_core.plugin import load_backend, load, load_provided
    print(load_backend('numpy'), load_backend('arrays'), load_backend('arrays'))
    print(load('a'), load_provided('backend.arrays'), load_provided('nothing.known'))
    """
    assert fine(arrays.run(code)) == ["plugin imported", "False True False", "False False False"]


@pytest.mark.parametrize("name, remedy", [("tensorflow", "pip install phiml-tf"), ("cupy", "Use one of these")])
def test_backend_that_is_not_installed(arrays, name, remedy):
    code = f"""
    from phiml_core.backend import BackendNotInstalled
    from phiml_core.plugin import index, load_backend
    found = index.Index.provider
    index.Index.provider = lambda self, name: None if 'tensorflow' in name else found(self, name)  # also where it is
    try: load_backend({name!r})
    except BackendNotInstalled as error: print(error)
    """
    (message,) = fine(arrays.run(code))
    assert f"Backend {name!r} is not installed; installed backends: numpy, " in message
    assert "arrays" in message and remedy in message


def test_broken_plugin_never_breaks_the_import(site):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": "raise RuntimeError('no good')"}, {"array.mod_a": "a"})
    done = site.run("import phiml_core, phiml_core.plugin as p; p.load_all(); p.load_all(); print('alive')")
    assert fine(done) == ["alive"]
    assert done.stderr.count("PluginWarning: Plugin 'a' of dist-a 1.0 cannot be used: RuntimeError: no good") == 1


def test_strict_mode(site):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": "raise RuntimeError('no good')"})
    done = site.run("import phiml_core.plugin as p; print('imported'); p.load_all()", PHIML_STRICT="1")
    assert done.returncode == 1 and done.stdout == "imported\n"
    assert "BrokenPlugin: Plugin 'a' of dist-a 1.0" in done.stderr and "mod_a.py" in done.stderr
    assert site.run("import phiml_core.plugin as p; p.load_all()", PHIML_STRICT="0").returncode == 0


def test_name_provided_twice(site):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": ""}, {"backend.same": "a"})
    site.install("dist-b", {"b": "mod_b"}, {"mod_b": ""}, {"backend.same": "b"})
    code = """
    from phiml_core.plugin import load_backend, load, DuplicateProvider
    try: load_backend('same')
    except DuplicateProvider as error: print(str(error).splitlines()[0])
    print(load('a'), load('b'))    # the plugins themselves are fine
    """
    first = "provided name 'backend.same' is claimed by dist-a 1.0 (a) and dist-b 1.0 (b); only one may have it."
    assert fine(site.run(code)) == [first, "True True"]


def test_provider_without_plugin(site):
    site.install("dist-a", {}, {}, {"backend.lost": "nobody"})
    code = """
    from phiml_core.plugin import load_backend, PluginNotFound
    try: load_backend('lost')
    except PluginNotFound as error: print(error)
    """
    assert "dist-a 1.0 says that plugin 'nobody' provides 'backend.lost'" in fine(site.run(code))[0]


def test_entry_points_are_read_once_and_again_after_an_installation(site):
    code = """
    import importlib.metadata as m, pathlib, sys, os
    count, original = [], m.entry_points
    m.entry_points = lambda **k: (count.append(1), original(**k))[1]
    from phiml_core.plugin import load, load_provided, PluginNotFound
    for _ in range(5): load_provided('backend.late')
    print(len(count))
    folder = pathlib.Path(sys.path[1])
    info = folder / 'late-1.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: late\\nVersion: 1.0\\n')
    (info / 'entry_points.txt').write_text('[phiml.plugins]\\nlate = late\\n[phiml.provides]\\nbackend.late = late\\n')
    (folder / 'late.py').write_text("requires_core = '>=0.1,<0.2'")
    print(load_provided('backend.late'), len(count))
    """
    assert fine(site.run(code)) == ["1", "True 2"]


def test_importing_core_is_enough(site):
    source = """
    @hookimpl
    def phiml_register():
        from phiml_core.backend import Backend, register_backend
        toy = type('Toy', (Backend,), {'name': 'toy'})()
        register_backend(toy)
    """
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": source}, {"backend.toy": "a"})
    code = """
    import phiml_core, sys
    print(phiml_core.use('toy'), 'mod_a' in sys.modules)
    """
    assert fine(site.run(code)) == ["toy True"]
