"""Compiled functions, derivatives, branches, loops, and what compiled code reports."""

__all__: list[str] = []
