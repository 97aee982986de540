"""The conformance kit: `pytest --pyargs phiml_core.conformance --backend NAME` proves a backend.

Its parts (`--part` selects) are arrays and transforms, and what distributions announce: solvers, physics.  What a backend declares that it cannot do
(`Backend.cannot`) has to raise the named error, everything else has to work.  `--capabilities FILE` writes what came out, and
`python -m phiml_core.conformance.table FILES` makes a table of several such files.
"""

__all__: list[str] = []
