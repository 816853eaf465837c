"""What the Makefile runs on the project itself; no part of the wheel."""
