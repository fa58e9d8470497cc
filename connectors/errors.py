"""What ends a connector, and how its process says so to whoever supervises it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of a connector; those of the stages' workers, so that one supervisor reads both.

    A store that is down ends nothing: the connector waits for it.
    """

    CLEAN = 0
    """Stopped on request; nothing is half written."""
    FAULT = 70
    """A bug or an unexpected error: start again; the same records are read again."""
    BROKER = 75
    """The broker refused for good: start again, with a pause."""
    CONFIG = 78
    """Settings, or a store of another log, that cannot work: do not start again."""


class ConnectorError(Exception):
    """Base of the errors that end a connector with one line."""

    exit_code = ExitCode.FAULT


class ConfigError(ConnectorError):
    """Settings and stores that cannot work together; the text says what to change."""

    exit_code = ExitCode.CONFIG


class BrokerError(ConnectorError):
    """The broker, or the client for it, refused for good."""

    exit_code = ExitCode.BROKER
