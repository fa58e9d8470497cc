"""Records that are no command: each must become one dead letter, and change nothing."""

from random import Random
from typing import NamedTuple

from schemas.codec import encode
from schemas.topics import (
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from tradeflow.simulation.workload import Sent

INPUTS = (
    ORDERS_COMMANDS.name,
    ORDERS_INCOMING.name,
    ORDERS_EXECUTIONS.name,
    WALLET_COMMANDS.name,
    WALLET_EVENTS.name,
)
_COMMAND_INPUTS = (ORDERS_COMMANDS.name, ORDERS_INCOMING.name, WALLET_COMMANDS.name)


class BadRecord(NamedTuple):
    """What somebody writes into an input topic."""

    topic: str
    key: bytes | None
    value: bytes | None


def bad_record(rng: Random, sent: Sent, time_ms: int) -> BadRecord:
    """One that its stage must refuse; ``sent`` is a good command to make bad ones from."""
    topic = rng.choice(INPUTS)
    value = sent.value
    if topic not in _COMMAND_INPUTS:
        return BadRecord(topic, sent.key, _garbage(rng, value))
    wrong_place = encode("DeadLetter", _LETTER)
    choices: list[BadRecord] = [
        BadRecord(topic, sent.key, _garbage(rng, value)),
        BadRecord(topic, sent.key, None),
        BadRecord(topic, sent.key, wrong_place),
    ]
    if topic == ORDERS_COMMANDS.name:
        far = sent.command | {"time_ms": time_ms + 3_600_000}
        named = sent.command | {"command_id": sent.command["command_id"] + "~2"}
        choices += [
            BadRecord(topic, b"mallory", value),
            BadRecord(topic, None, value),
            BadRecord(topic, sent.key, Sent(sent.name, far).value),
            BadRecord(topic, sent.key, Sent(sent.name, named).value),
        ]
    return rng.choice(choices)


def _garbage(rng: Random, value: bytes) -> bytes:
    return rng.choice((b"", b"\x01", rng.randbytes(20), value[:-1], value[:3], b"\0\0\0\xff\xff"))


_LETTER = {
    "stage": "nobody",
    "topic": "",
    "partition": 0,
    "offset": 0,
    "reason": "",
    "detail": "",
    "key": b"",
    "value": b"",
    "time_ms": 0,
}
