"""One plotting library a file: its canvas, and how each mark is drawn on it."""

__all__: list[str] = []
