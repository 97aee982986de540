"""What `import phiml_core` adds to `import numpy, plum`, in fresh processes: `python benchmarks/import_time.py`."""

from __future__ import annotations

import subprocess
import sys

import _timing as timing  # first: pins the threads

BUDGET = 0.120
STATEMENTS = {
    "numpy, plum": "import numpy, plum",
    "numpy, plum, phiml_core": "import numpy, plum, phiml_core",
    "numpy, plum, phiml_core.math": "import numpy, plum; from phiml_core import math",
}


def main() -> None:
    def start(statement: str):
        return lambda: subprocess.run([sys.executable, "-c", statement], check=True)

    found = timing.interleave({name: start(statement) for name, statement in STATEMENTS.items()}, pairs=21, at_least=0)
    reference = found["numpy, plum"]
    rows = []
    for name, result in found.items():
        added = sorted(own - base for own, base in zip(result.times, reference.times))
        rows.append([name, timing.seconds(result.median), f"{1000 * added[len(added) // 2]:+.0f} ms"])
    print(timing.table(["import", "process", "added"], rows))
    print(f"\nTo reach: at most {1000 * BUDGET:.0f} ms added by phiml_core.")


if __name__ == "__main__":
    main()
