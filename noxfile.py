"""What one does with this repository: `nox -l` lists it.  Every session makes its own environment with pip.

nox -s demo -- --backend jax     the smoke plume
nox -s tests -- -k shape         all tests, arguments go to pytest
"""

import argparse
import pathlib
import sys

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "virtualenv"
nox.options.download_python = "never"

ROOT = pathlib.Path(__file__).parent
FOLDERS = {
    "core": "core",
    "solvers": "plugins/solvers",
    "physics": "plugins/physics",
    "vis": "plugins/vis",
    "jax": "plugins/phiml_jax",
    "torch": "plugins/phiml_torch",
    "tensorflow": "plugins/phiml_tf",
}
"""The distributions, in the order of their dependencies."""
NUMPY_ONLY = ("core", "solvers", "physics")
EXAMPLES = ("examples/plugins/phiml_strict", "examples/plugins/phiml_units", "examples/plugins/phiml_pyamg")
"""Plugins as third parties would write them; the tests show that they need no line of core."""
TEST_TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "array-api-strict")
WORKERS = ("-n", "auto", "--dist", "loadscope", "--no-loadscope-reorder")
"""One process for each core; the tests of a module stay together and share what was compiled.

Modules begin in the order of `testpaths`: whole runs first, many short ones last, so that the processes end together.
"""

CHECK = (
    "import json, sys; runs = [json.load(open(f)) for f in sys.argv[1:]]; "
    "bad = [r['backend'] for r in runs if any(p.get('failed') for p in r['parts'].values())]; "
    "print('conformance:', ', '.join(r['backend'] for r in runs), '- failed:', ', '.join(bad) or 'none'); sys.exit(bool(bad))"
)
"""Says which backends ran, and fails if one of them did."""


def install(session: nox.Session, *parts: str, tools: tuple[str, ...] = ()) -> None:
    """Install distributions of this repository as they are in the working tree, and tools, at the pinned versions."""
    editable = [argument for part in parts for argument in ("-e", f"./{FOLDERS[part]}")]
    # The build tool goes in first: one download for all distributions instead of an isolated environment each.
    session.install("-q", "-c", "constraints.txt", "hatchling")
    session.install("-q", "-c", "constraints.txt", "--no-build-isolation", *editable, *tools)


@nox.session
def demo(session: nox.Session) -> None:
    """Run the smoke plume.  `--backend jax` installs that plugin as well; all arguments go to `phiml demo smoke`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--backend", default="numpy")
    backend = parser.parse_known_args(session.posargs)[0].backend
    if backend != "numpy" and backend not in FOLDERS:
        session.error(f"unknown backend {backend!r}: expected one of numpy, jax, torch, tensorflow")
    install(session, *NUMPY_ONLY, "vis", *(() if backend == "numpy" else (backend,)))
    session.run("phiml", "demo", "smoke", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests of all distributions in one environment."""
    install(session, *FOLDERS, tools=(*TEST_TOOLS, "mypy", "pyright[nodejs]", "pyamg"))
    # Without dependencies: what they need is installed above, and a sibling must never come from an index.
    session.install("-q", "--no-build-isolation", "--no-deps", *(part for path in EXAMPLES for part in ("-e", path)))
    session.run("pytest", *WORKERS, *session.posargs)  # its last lines say which backends were tested


@nox.session
def proof(session: nox.Session) -> None:
    """The long proofs beside the short ones, and a table of what projections left; half an hour on two cores (docs/proof.md)."""
    install(session, *FOLDERS, tools=(*TEST_TOOLS, "pyamg"))
    session.run(
        "pytest", "-n", "auto", "--dist", "worksteal", "tests/proof", "-m", "long or not long", *session.posargs
    )


@nox.session
def conformance(session: nox.Session) -> None:
    """The conformance kit on every backend; `-- jax` on that one, `-- --write` puts the table into docs/backends.md."""
    backends = {"numpy": None, "array_api_strict": None, "jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}
    backends = {name: part for name, part in backends.items() if part is None or part in FOLDERS}
    chosen = [name for name in backends if name in session.posargs] or list(backends)
    install(session, *NUMPY_ONLY, *(part for name in chosen if (part := backends[name])), tools=TEST_TOOLS)
    session.install("-q", "--no-build-isolation", "--no-deps", "-e", EXAMPLES[0])
    folder = pathlib.Path(session.create_tmp()).resolve()
    files = []
    for name in chosen:
        files.append(str(folder / f"{name}.json"))
        arguments = ("--pyargs", "phiml_core.conformance", "--backend", name, "--capabilities", files[-1], "-n", "auto")
        # A failure on one backend does not keep the others from being run; without file, the table fails.
        with session.chdir(folder):
            session.run("pytest", "-q", "-p", "no:cacheprovider", *arguments, success_codes=[0, 1])
    into = ("--into", str(ROOT / "docs" / "backends.md")) if "--write" in session.posargs else ()
    session.run("python", "-m", "phiml_core.conformance.table", *files, *into)
    session.run("python", "-c", CHECK, *files)


@nox.session
def inductor(session: nox.Session) -> None:
    """The tests of PyTorch and the kit on it with compiled functions as machine code throughout; needs a C++ compiler, an hour."""
    install(session, *FOLDERS, tools=TEST_TOOLS)
    machine_code = {"PHIML_TORCH_INDUCTOR": "1"}
    session.run(
        "pytest", *WORKERS, f"{FOLDERS['torch']}/tests", "--timeout", "1200", *session.posargs, env=machine_code
    )
    kit = ("--pyargs", "phiml_core.conformance", "--backend", "torch", "--timeout", "1200", "-n", "auto")
    with session.chdir(session.create_tmp()):
        session.run("pytest", "-q", "-p", "no:cacheprovider", *kit, env=machine_code)


@nox.session
@nox.parametrize("backend", ["numpy", "jax", "torch", "tensorflow"])
def matrix(session: nox.Session, backend: str) -> None:
    """Each backend alone, in an environment of its own: the demo, `phiml doctor` and the conformance kit."""
    install(session, *NUMPY_ONLY, "vis", *(() if backend == "numpy" else (backend,)), tools=TEST_TOOLS)
    session.run("phiml", "doctor")
    kit = ("--pyargs", "phiml_core.conformance", "--backend", backend, "-n", "auto")
    with session.chdir(session.create_tmp()):
        session.run("phiml", "demo", "smoke", "--backend", backend, "--steps", "20", "--resolution", "32")
        session.run("pytest", "-q", "-p", "no:cacheprovider", *kit, *session.posargs, env={"PHIML_TORCH_INDUCTOR": "0"})


@nox.session(python=["3.11", "3.12", "3.13"])
def core(session: nox.Session) -> None:
    """Core, solvers and physics with NumPy alone, on every supported Python."""
    install(session, *NUMPY_ONLY, tools=(*TEST_TOOLS, "mypy", "pyright[nodejs]"))
    session.run("pytest", *WORKERS, *(f"{FOLDERS[part]}/tests" for part in NUMPY_ONLY), *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style of the sources."""
    session.install("-q", "-c", "constraints.txt", "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Both type checkers on the sources, of which the conformance kit needs pytest."""
    install(session, *FOLDERS, tools=(*TEST_TOOLS, "mypy", "pyright[nodejs]"))
    session.run("mypy")
    session.run("pyright", "--pythonpath", str(pathlib.Path(session.bin) / "python"))


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks against phiml, phiflow and hand-written code; arguments name some of them, e.g. `smoke`."""
    install(session, *FOLDERS, tools=("phiml", "phiflow"))
    scripts = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if not path.name.startswith("_"))
    chosen = [path for path in scripts if not session.posargs or path.stem in session.posargs]
    missing = set(session.posargs) - {path.stem for path in scripts}
    if missing:
        session.error(
            f"no benchmark {', '.join(sorted(missing))}: expected one of {', '.join(p.stem for p in scripts)}"
        )
    for script in chosen:
        session.run("python", str(script), env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})


@nox.session(reuse_venv=False)
def wheels(session: nox.Session) -> None:
    """Build every wheel, install chosen combinations into fresh environments and use each."""
    session.install("-q", "-c", "constraints.txt", "build", "hatchling")
    folder = pathlib.Path(session.create_tmp()).resolve()
    built = folder / "dist"
    for old in built.glob("*.whl"):
        old.unlink()
    for path in FOLDERS.values():
        session.run("python", "-m", "build", "-q", "--no-isolation", "--wheel", "-o", str(built), path, silent=True)
    combinations: dict[str, tuple[str, ...]] = {
        "core": ("core",),
        "physics": NUMPY_ONLY,
        "jax": (*NUMPY_ONLY, "jax"),
        "vis": (*NUMPY_ONLY, "vis"),
    }
    for name, parts in combinations.items():
        environment = folder / name
        session.run("python", "-m", "venv", "--clear", str(environment))
        scripts = environment / ("Scripts" if sys.platform == "win32" else "bin")
        # By path, so that nothing of the same name is taken from an index.
        files = (str(next(built.glob(f"phiml_{part}-*.whl"))) for part in parts)
        python = str(scripts / "python")
        session.run(python, "-m", "pip", "install", "-q", "-c", "constraints.txt", *files, external=True)
        # Outside the repository and isolated (-I), so that only what was installed is found.
        with session.chdir(folder):
            smoke = str(ROOT / "tests" / "wheels" / "smoke.py")
            session.run(python, "-I", smoke, *parts, external=True)
            session.run(str(scripts / "phiml"), "doctor", external=True)
