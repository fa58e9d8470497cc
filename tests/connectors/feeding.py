"""Topics that are filled, and runners on threads that empty them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.health import Health
from connectors.metrics import Metrics
from connectors.runner import Runner
from connectors.settings import ConnectorSettings
from connectors.sink import Sink

Written = tuple[str, int, bytes | None, bytes | None]
"""Topic, partition, key and value."""


def eventually(holds: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    """Wait until it holds; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def make_topics(bootstrap: str, partitions: Mapping[str, int], **config: str) -> None:
    """Topics with so many partitions."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    wanted = [NewTopic(name, count, 1, config=config) for name, count in partitions.items()]
    for future in admin.create_topics(wanted).values():
        future.result(30)


def produce(bootstrap: str, records: Iterable[Written], *, transactions_of: int = 500) -> None:
    """Write records as the stages do: in transactions, whose markers take offsets too."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"feeding-{time.monotonic_ns()}"}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for number, (topic, partition, key, value) in enumerate(records, start=1):
        producer.produce(topic, value, key, partition)
        if number % transactions_of == 0:
            producer.commit_transaction(30)
            producer.begin_transaction()
    producer.commit_transaction(30)


class Feeding:
    """A runner on a thread; in a with block, at whose end it stops."""

    def __init__(
        self,
        bootstrap: str,
        sink: Sink,
        watch: Callable[[Runner], None] = lambda runner: None,
        *,
        clear: bool = False,
        **settings: Any,
    ) -> None:
        quick = {
            "linger_ms": 5,
            "breaker_reset_seconds": 0.3,
            "retry_max_seconds": 0.2,
            **settings,
        }
        self.stop = threading.Event()
        self.health = Health(sink.name)
        self.metrics = Metrics(sink.name)
        self.fault: BaseException | None = None
        self.runner = Runner(
            sink,
            ConnectorSettings(broker=bootstrap, **quick),
            stop=self.stop,
            metrics=self.metrics,
            health=self.health,
            watch=watch,
        )
        self._clear = clear
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.runner.run(clear=self._clear)
        except BaseException as exc:
            self.fault = exc

    def metric(self, name: str, **labels: str) -> float:
        """A metric's value now; 0 where it never counted."""
        labels = {"sink": self.health.sink, **labels}
        return self.metrics.registry.get_sample_value(f"tradeflow_connector_{name}", labels) or 0.0

    def join(self) -> BaseException | None:
        """Wait until it has ended by itself; what ended it."""
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.fault

    def __enter__(self) -> "Feeding":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        fault = self.join()
        if fault is not None:
            raise fault
