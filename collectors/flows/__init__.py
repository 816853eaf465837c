"""Readers of flow logs: each turns what an operator has into canonical flows and answers."""
