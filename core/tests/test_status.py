"""Conditions that are reported: raised at once where they are known, told to listeners, collected by transforms."""

import pytest
from phiml_core.math import batch, tensor, wrap
from phiml_core.transform import status


class Failed(ValueError):
    pass


def report(failed, **values):
    status.report("step", failed, values, lambda v: Failed(str({k: float(t) for k, t in v.items()})))


def test_known_failures_raise_at_once():
    report(False, a=wrap(1.0))
    report(tensor([False, False], batch("b")), a=wrap(1.0))
    with pytest.raises(Failed, match=r"\{'a': 1.0\}"):
        report(tensor([False, True], batch("b")), a=wrap(1.0))
    with status.collect() as collected, pytest.raises(Failed):
        report(True)
    assert collected.reports == []
    status.report("information", True, {"n": 3})  # without an exception it only informs


def test_listeners_hear_all_reports():
    heard, inner = [], []
    with status.listen(heard.append):
        report(False, a=wrap(1.0))
        with status.listen(inner.append), pytest.raises(Failed):
            report(True, a=wrap(2.0))
    report(False)
    assert [float(r.values["a"]) for r in heard] == [1, 2]
    assert [r.name for r in inner] == ["step"]
    assert heard[0].known and heard[0].raise_with is not None
