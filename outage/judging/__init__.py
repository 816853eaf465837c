"""Judging: baselines, features, the table of signatures and the fold."""
