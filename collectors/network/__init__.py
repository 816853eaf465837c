"""Sources that watch networks from outside, and an operator's own metrics."""
