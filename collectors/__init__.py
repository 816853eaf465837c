"""Collectors and readers: one module a source, grouped by witness."""
