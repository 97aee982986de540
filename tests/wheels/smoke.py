"""Uses what a set of wheels installed.  Arguments: the parts, e.g. `core solvers physics`.

Run by `nox -s wheels` in an environment that holds nothing else.
"""

import importlib
import importlib.util
import subprocess
import sys
import tempfile

MODULES = {part: f"phiml_{part}" for part in ("core", "solvers", "physics", "vis", "jax")}


def main(parts: list[str]) -> None:
    for part, module in MODULES.items():
        assert (importlib.util.find_spec(module) is not None) == (part in parts), f"{module} with {parts}"
    for part in parts:
        importlib.import_module(MODULES[part])

    from phiml_core.plugin import load_all, reports

    load_all()
    broken = [report for report in reports() if report.state == "broken"]
    assert not broken, broken

    if "physics" in parts:
        backend = "jax" if "jax" in parts else "numpy"
        with tempfile.TemporaryDirectory() as folder:
            command = ["demo", "smoke", "--backend", backend, "--resolution", "32", "--steps", "2", "--out", folder]
            subprocess.run([sys.executable, "-I", "-m", "phiml_core.cli", *command], check=True)
    print("fine:", *parts)


if __name__ == "__main__":
    main(sys.argv[1:])
