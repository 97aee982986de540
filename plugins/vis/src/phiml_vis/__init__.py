"""Pictures and animations of values, drawn through marks."""

__all__: list[str] = []
