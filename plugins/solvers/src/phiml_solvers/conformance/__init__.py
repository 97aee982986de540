"""Each solve of phiml-solvers: values, derivatives, outcome; and `kit`, which proves solvers and preconditioners of anyone."""

__all__: list[str] = []
