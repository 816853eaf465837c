"""`python -m outage`."""

from outage.cli.main import run

if __name__ == "__main__":
    run()
