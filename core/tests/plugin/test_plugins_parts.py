"""The small parts: ranges of versions, commands in messages, what the doctor finds."""

import pytest
from phiml_core.plugin import install_command
from phiml_core.plugin.doctor import diagnose
from phiml_core.plugin.ranges import fits, needs


@pytest.mark.parametrize(
    "version, specifiers, expected",
    [
        ("0.1.0", ">=0.1,<0.2", True),
        ("0.1.9", ">=0.1,<0.2", True),
        ("0.2.0", ">=0.1,<0.2", False),
        ("0.0.9", ">=0.1,<0.2", False),
        ("0.1.5.dev3+local", ">=0.1,<0.2", True),
        ("0.10.0", ">=0.2", True),
        ("1", "", True),
    ],
)
def test_fits(version, specifiers, expected):
    assert fits(version, specifiers) is expected


def test_range_that_cannot_be_read():
    with pytest.raises(ValueError, match=r"'about 3' is no range of versions; expected something like '>=0.1,<0.2'"):
        fits("1.0", "about 3")


def test_needs_leave_out_extras_other_systems_and_nonsense():
    lines = ["NumPy>=2", "lost_one>=1", "plotly; extra == 'web'", "pywin; sys_platform == 'none'", "??"]
    found = {need.name: need for need in needs(lines)}
    assert list(found) == ["numpy", "lost-one"]
    assert found["numpy"].is_met and not found["lost-one"].is_met and found["lost-one"].installed is None


def test_install_command():
    assert install_command("backend.torch") == "pip install phiml-torch"
    assert install_command("solver.unheard") == "pip install phiml-solvers"
    assert install_command("unheard") is None


CHECKS = """
def no(): raise CheckFailed('the device is asleep', 'wake it up')
@hookimpl
def phiml_checks():
    return [SelfCheck('toy', lambda: {'toy': '3.1'}, lambda: ['one device'], lambda: '1 + 1 = 2', no, lambda: 1 / 0)]
"""


def test_doctor_reports_every_trial(site, manager):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": CHECKS}, requires=["numpy>=99"])
    site.install("dist-b", {"b": "gone"}, {}, {"backend.lost": "nobody", "backend.same": "a"})
    site.install("dist-c", {"c": "mod_c"}, {"mod_c": ""}, {"backend.same": "c"})
    index = manager.index
    ours = type(index)(
        {name: index.plugins[name] for name in "abc"},
        {name: index.provides[name] for name in ("backend.lost", "backend.same")},
    )
    findings = list(diagnose(type(manager)(lambda: ours)))
    texts = [(finding.about.strip(), finding.text) for finding in findings]
    assert ("backend toy", "toy 3.1") in texts and ("devices", "one device") in texts
    assert ("compute", "1 + 1 = 2") in texts and ("plugin c", "dist-c 1.0, loaded") in texts
    problems = {(f.about.strip(), f.cause, f.cure) for f in findings if f.is_problem}
    assert ("compile", "the device is asleep", "wake it up") in problems
    causes = " | ".join(cause for _, cause, _ in problems)
    for expected in (
        "ZeroDivisionError: division by zero",
        "'gone' does not exist",
        "dist-a needs numpy>=99, installed is",
        "'backend.same' is claimed by dist-b 1.0 (a) and dist-c 1.0 (c)",
        "plugin 'nobody' provides 'backend.lost'",
    ):
        assert expected in causes
    assert all(f.cure for f in findings if f.is_problem)


def test_numpy_proves_itself(manager):
    empty = type(manager.index)({}, {})
    findings = list(diagnose(type(manager)(lambda: empty)))
    assert not [finding for finding in findings if finding.is_problem]
    assert any("Poisson equation" in finding.text for finding in findings)
