"""The public data sets as they lie in a folder, and what our detectors and others say of them."""
