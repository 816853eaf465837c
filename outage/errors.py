"""Every exception of the project.

::

    OutageError
    ├── UsageError            the call cannot be carried out as given (exit code 2)
    │   └── ConfigError       the catalogue or a setting is wrong; names the key
    ├── BadInput              a file or payload cannot be used at all
    ├── StoreError            the database refused or is not there
    ├── SourceError           a remote source failed; `permanent` says whether to try again
    ├── PlugError             an entry point named by the configuration does not load
    └── NotEnoughHistory      too little history to know what is normal
"""

from __future__ import annotations


class OutageError(Exception):
    """A fault with one clear line for the user: what, where, why and what to do."""

    permanent = True


class UsageError(OutageError):
    """The call cannot be carried out as given."""


class ConfigError(UsageError):
    """The catalogue or a setting is wrong; the message names the key (and line, in a file)."""


class BadInput(OutageError):
    """A file or payload cannot be used at all."""


class StoreError(OutageError):
    """The database refused or cannot be reached; trying again helps unless `permanent`."""

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


class SourceError(OutageError):
    """A remote source failed; trying again helps unless `permanent`.

    `status` is the HTTP status, where there was an answer; `wait_seconds` is after how long the
    source wants to be asked again, where it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.wait_seconds = wait_seconds


class PlugError(OutageError):
    """A plug that the configuration names is missing or does not load."""


class NotEnoughHistory(OutageError):
    """Too little history to know what is normal: unknown is not normal."""

    permanent = False
