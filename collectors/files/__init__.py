"""Sources that are files: readers of imports and the push folder."""
