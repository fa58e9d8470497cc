"""Why a gateway cannot run, and how its process says so to whoever supervises it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of a gateway; those of workers and connectors, so one supervisor reads them all.

    A database or a Redis that is away ends nothing: the gateway goes on without.
    """

    CLEAN = 0
    """Stopped on request."""
    FAULT = 70
    """A bug or an unexpected error: start again."""
    BROKER = 75
    """The broker is not there, or its log cannot be read: start again, with a pause."""
    CONFIG = 78
    """Settings that cannot work: do not start again."""


class GatewayError(Exception):
    """It cannot start or go on; ``action`` says what to do."""

    def __init__(self, message: str, *, action: str, exit_code: ExitCode = ExitCode.BROKER) -> None:
        super().__init__(message)
        self.action = action
        self.exit_code = exit_code


class ConfigError(GatewayError):
    """Settings, keys and databases that do not fit together."""

    def __init__(self, message: str, *, action: str) -> None:
        super().__init__(message, action=action, exit_code=ExitCode.CONFIG)
