"""The command line: one module a command, registered by `outage.cli.main`."""
