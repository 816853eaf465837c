"""`outage dashboard`: the web page, served on this machine."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import Annotated, Final

import typer

from outage.cli.config import VARIABLE as CONFIG_VARIABLE
from outage.cli.config import config_file
from outage.cli.database import DEFAULT_URL, VARIABLE, Database
from outage.errors import OutageError, UsageError

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8501
PORTS_TRIED: Final = 20
STARTS_WITHIN: Final = 60.0  # seconds, on a machine that has much else to do
PATIENCE: Final = 5.0  # seconds to stop in

#: Nothing of ours is sent anywhere, nothing internal is shown to a reader.
OPTIONS: Final = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.base": "light",
    "theme.primaryColor": "#0072B2",
    "theme.textColor": "#1F2933",
    "theme.baseFontSize": "15",
    "logger.level": "warning",
}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "dashboard", epilog="Example: outage dashboard --database sqlite:///outage.db --port 8600"
    )(dashboard)


def dashboard(
    *,
    database: Database = DEFAULT_URL,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65_535, help="The first port to try.")
    ] = PORT,
    address: Annotated[str, typer.Option("--address", help="Where to listen.")] = LOOPBACK,
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", help="Let other machines read; there is no sign-in yet."),
    ] = False,
) -> None:
    """Serve the web page until interrupted, and say where it is."""
    if not allow_remote and not is_loopback(address):
        raise UsageError(
            f"--address {address}: other machines could read the page, which has no sign-in;"
            f" use {LOOPBACK}, or add --allow-remote behind a proxy that asks who it is"
        )
    from outage.store.store import Store

    try:
        Store.open(database).close()
    except OutageError as error:  # it may come back while the page waits for it
        typer.echo(f"outage: {error}", err=True)
    raise typer.Exit(serve(database, port, address))


def serve(url: str, port: int = PORT, address: str = LOOPBACK) -> int:
    """Serve the page of the store at `url` until it is stopped; return the exit code.

    The first free port from `port` on is taken. Raises UsageError and OutageError.
    """
    free = free_port(address, port)
    if free != port:
        typer.echo(f"port {port} is taken; the page is on {free}", err=True)
    with _page(url, free, address) as page:
        _await_start(page, address, free)
        typer.echo(f"the page: {page_url(address, free)}  (stop it with Ctrl-C)")
        sys.stdout.flush()
        return page.wait()


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def page_url(address: str, port: int) -> str:
    """Return where a browser finds the page.

    >>> page_url("::1", 8501)
    'http://[::1]:8501'
    """
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def free_port(address: str, first: int) -> int:
    """Return the first port from `first` on that nobody listens on; raises UsageError."""
    last = min(first + PORTS_TRIED, 65_536)
    for port in range(first, last):
        if _is_free(address, port):
            return port
    raise UsageError(f"--port {first}: it and those up to {last - 1} are taken; name another")


def _is_free(address: str, port: int) -> bool:
    try:
        family, _, _, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise UsageError(
            f"--address {address}: {error.strerror}; write it as an IP address of this machine"
        ) from error
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(target)
        except PermissionError as error:
            raise UsageError(f"--port {port}: not permitted; name one above 1023") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise UsageError(
                f"--address {address}: {error.strerror}; name an address of this machine"
            ) from error
    return True


@contextmanager
def _page(url: str, port: int, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the page in a process of its own, which ends when we do."""
    settings = OPTIONS | {"server.address": address, "server.port": str(port)}
    options = [f"--{key}={value}" for key, value in settings.items()]
    command = [sys.executable, "-m", "streamlit", "run", str(script()), *options]
    # The URL may hold a password: arguments are seen by everybody on the machine.
    environment = {**os.environ, VARIABLE: url, **_config()}
    page = subprocess.Popen(  # noqa: S603 - our own interpreter and script
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield page
    finally:
        signal.signal(signal.SIGTERM, before)
        _end(page)


def script() -> Path:
    """Return the script of the page: the pages stand on this package, not the other way round."""
    spec = find_spec("dashboard")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (Path(folder) / "app.py").is_file():
            return Path(folder) / "app.py"
    raise OutageError("the pages (package dashboard) are not installed; install outage anew")


def _config() -> dict[str, str]:
    path = config_file(None)
    return (
        {CONFIG_VARIABLE: str(path.resolve())} if path and CONFIG_VARIABLE not in os.environ else {}
    )


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _end(page: subprocess.Popen[bytes]) -> None:
    page.terminate()
    try:
        page.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        page.kill()
        page.wait()


def _await_start(page: subprocess.Popen[bytes], address: str, port: int) -> None:
    """Return when the page listens; raises OutageError if it ends or takes too long."""
    deadline = monotonic() + STARTS_WITHIN
    while monotonic() < deadline:
        if page.poll() is not None:
            raise OutageError(f"the page ended at once (code {page.returncode}); see above")
        with suppress(OSError), socket.create_connection((_reach(address), port), timeout=1):
            return
        sleep(0.1)
    raise OutageError(f"the page did not start within {STARTS_WITHIN:.0f} s; try again")


def _reach(address: str) -> str:
    """Return an address at which this machine reaches a page that listens everywhere."""
    return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(address, address)  # noqa: S104
