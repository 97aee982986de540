"""Each solve of phiml-solvers: values, derivatives, outcome."""

__all__: list[str] = []
