"""Running collectors: windows, budgets, circuits, and what is known about each source."""
