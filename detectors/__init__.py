"""Baselines and change points: what to expect of a series, and where its level jumps."""
