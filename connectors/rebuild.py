"""How far the filling of an emptied store has come."""

from collections.abc import Callable

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.errors import BrokerError, ConfigError
from connectors.event import Place
from connectors.runner import Runner
from connectors.settings import ConnectorSettings

_TIMEOUT_SECONDS = 10.0


class Rebuild:
    """Watches a runner that began with an empty store; stops it where the log ended at first.

    ``show`` gets how many offsets are done with and how many there are.
    """

    def __init__(self, show: Callable[[int, int], None]) -> None:
        self.is_done = False
        self._show = show
        self._ends: dict[Place, int] = {}
        self._shown = 0

    def __call__(self, runner: Runner) -> None:
        """Look at it after a step."""
        if not runner.positions:
            return
        if runner.positions.keys() - self._ends.keys():
            ends = runner.source.ends.ask(runner.positions)
            if ends is None:
                return
            self._ends = ends
        done = sum(min(runner.reached(place), end) for place, end in self._ends.items())
        total = sum(self._ends.values())
        # What is taken and not yet written does not count, though the end was read already.
        self._shown = max(self._shown, done)
        self._show(self._shown, total)
        if done >= total:
            self.is_done = True
            runner.stop.set()


def require_nobody_runs(settings: ConnectorSettings, group: str) -> None:
    """A rebuild is for one process alone.

    Raises:
        ConfigError: connectors of this group run.
        BrokerError: the broker does not answer.
    """
    admin = AdminClient(settings.client(group))
    try:
        described = admin.describe_consumer_groups([group], request_timeout=_TIMEOUT_SECONDS)
        members = described[group].result().members
    except KafkaException as exc:
        # A group that never was has no members either.
        if "GROUP_ID_NOT_FOUND" in str(exc):
            return
        raise BrokerError(f"asking for the members of {group}: {exc}") from exc
    if members:
        raise ConfigError(
            f"{len(members)} processes feed this store already ({group}): stop them first; one "
            f"that was killed is forgotten after {settings.session_timeout_ms / 1_000:g} s"
        )
