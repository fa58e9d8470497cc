"""The stages as Faust apps: topics, tables and agents put together."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from schemas.codec import encoder
from schemas.instruments import Instrument, load_instruments
from schemas.topics import CHANGELOG, TOPICS
from streams import joins
from streams.agents.accounts import declare_accounts
from streams.agents.marketdata import declare_marketdata
from streams.agents.matching import declare_matching
from streams.agents.orders import declare_orders
from streams.settings import StreamsSettings
from streams.transport import App, DeadLetter, TopicSpec
from streams.transport.headers import Headers
from streams.urgency import urgent_but

ORDERS = "orders"
MATCHING = "matching"
ACCOUNTS = "accounts"
MARKETDATA = "marketdata"

# What comes of these is seen by a later command at the earliest, and that is taken behind them.
_FOLLOWED = (
    "Tick",
    "ExecutionReport",
    "AccountStatusChangedEvent",
    "FundsDepositedEvent",
    "FundsWithdrawnEvent",
    "FundsReleasedEvent",
    "FillSettledEvent",
    "WalletCommandRefusedEvent",
)
_SETTLED = ("Tick", "WalletSettleFillCommand", "WalletReleaseFundsCommand")


def make_orders(settings: StreamsSettings, *, slot: int) -> App:
    """The app of one worker of the orders stage; raises as ``make_matching``."""
    declare = partial(declare_orders, timeout_ms=settings.saga_timeout_ms)
    return _make(ORDERS, declare, settings, slot, _FOLLOWED, Stream=joins.Stream)


def make_matching(settings: StreamsSettings, *, slot: int) -> App:
    """The app of one worker of the matching stage.

    Raises:
        InstrumentError: the instrument file cannot be used.
    """
    return _make(MATCHING, declare_matching, settings, slot, ("Tick",))


def make_accounts(settings: StreamsSettings, *, slot: int) -> App:
    """The app of one worker of the accounts stage; raises as ``make_matching``."""
    return _make(ACCOUNTS, declare_accounts, settings, slot, _SETTLED)


def make_marketdata(settings: StreamsSettings, *, slot: int) -> App:
    """The app of one worker of the marketdata stage; raises as ``make_matching``."""
    declare = partial(declare_marketdata, grace_ms=settings.candle_grace_ms)
    return _make(MARKETDATA, declare, settings, slot, ("Tick",))


def _make(
    stage: str,
    declare: Callable[[App, Mapping[str, Instrument]], object],
    settings: StreamsSettings,
    slot: int,
    unhurried: Iterable[str],
    **options: Any,
) -> App:
    instruments = load_instruments(settings.instruments)
    app = App(
        settings.transport(group=stage, slot=slot),
        topics=topic_specs(settings.partitions),
        changelog_config={"cleanup.policy": "compact", **CHANGELOG},
        encode_dead_letter=DeadLetters(stage),
        is_urgent=urgent_but(unhurried),
        **options,
    )
    declare(app, instruments)
    return app


def topic_specs(partitions: int) -> list[TopicSpec]:
    """The catalogue's topics, as the transport makes them."""
    return [
        TopicSpec(
            name=topic.name,
            partitions=topic.partition_count(partitions),
            config=topic.settings(),
        )
        for topic in TOPICS
    ]


class DeadLetters:
    """Dead letters as Avro records of the stage that gave up on them."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._encode = encoder("DeadLetter")

    def __call__(self, letter: DeadLetter) -> tuple[bytes | None, Headers]:
        """The record for ``letter``; the reason is in a header too, to be read without Avro."""
        record = {
            "stage": self._stage,
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
            "reason": letter.reason,
            "detail": letter.detail,
            "key": letter.key or b"",
            "value": letter.value or b"",
            "time_ms": letter.timestamp_ms,
        }
        return self._encode(record), [("dead-letter-reason", letter.reason.encode())]
