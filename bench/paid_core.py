"""The exchange in one process, timed."""

import time
from typing import Any

from bench.domain import ROUND, settled_memory
from bench.flow import Command
from streams.transport.collector import collector_paused
from tradeflow.backtest.exchange import Exchange


class PaidCore(Exchange):
    """Orders, wallet and markets without Kafka, and how long they take."""

    def fund(self, commands: list[Command]) -> None:
        """Carry out commands on money."""
        for name, command in commands:
            self.money(name, command)
        self.take_changes()

    def seconds_for(self, commands: list[tuple[str, dict[str, Any], bytes]]) -> float:
        """The processor's time for the commands, changed rows included.

        Not the clock's: what is compared here is work, whoever else works on the machine.
        """
        with settled_memory():
            started = time.thread_time()
            for start in range(0, len(commands), ROUND):
                with collector_paused():
                    for command in commands[start : start + ROUND]:
                        self.command(*command)
                    self.take_changes()
            return time.thread_time() - started
