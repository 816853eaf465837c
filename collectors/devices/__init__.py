"""Sources that measure from devices and probes."""
