"""What is wrong with money is found: I1, I2, I4 and I6 of the wallets and the settlements."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from schemas.codec import decode, encoder
from schemas.topics import (
    ACCOUNTS_WALLET,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from tests.tradeflow.checking.made_exchange import (
    MadeExchange,
    Tamper,
    Written,
    made_exchange,
)
from tests.tradeflow.checking.made_log import violated
from tests.tradeflow.checking.test_made_exchange import first_found
from tradeflow.topic_reader import Partition

COMMANDS, EVENTS, INCOMING = WALLET_COMMANDS.name, WALLET_EVENTS.name, ORDERS_INCOMING.name
SETTLE, RESERVED = "WalletSettleFillCommand", "FundsReservedEvent"


def says(exchange: MadeExchange, invariants: set[str], text: str, **options: Any) -> None:
    """The audit finds these violated, and says so."""
    audit = exchange.audit(seed=3, **options)
    found = first_found(audit)
    assert violated(audit.findings) == invariants, found
    assert any(text in each for _, each in found), found


class Once:
    """Tampers with the nth record of a name that is written to a topic."""

    def __init__(
        self,
        name: str,
        change: Callable[[str, dict[str, Any]], Iterable[Written]],
        *,
        topic: str = COMMANDS,
        nth: int = 4,
        **wanted: Any,
    ) -> None:
        self._name = name
        self._change = change
        self._topic = topic
        self._nth = nth
        self._wanted = wanted

    def __call__(self, topic: str, name: str, value: dict[str, Any]) -> Iterable[Written]:
        is_it = (topic, name) == (self._topic, self._name)
        if is_it and all(value[field] == wish for field, wish in self._wanted.items()):
            self._nth -= 1
            if not self._nth:
                return self._change(topic, value)
        return [(topic, name, value)]


def lost(_topic: str, _value: dict[str, Any]) -> Iterable[Written]:
    return []


def with_more(name: str, field: str, by: int) -> Callable[[str, dict[str, Any]], Iterable[Written]]:
    def change(topic: str, value: dict[str, Any]) -> Iterable[Written]:
        return [(topic, name, {**value, field: value[field] + by})]

    return change


class TestEvents:
    """The wallets did the right thing, and the log says another."""

    def test_an_altered_deposit(self) -> None:
        exchange = made_exchange()
        record, event = exchange.find(EVENTS, "FundsDepositedEvent", 3)
        entry = {**event["entries"][0], "amount_units": 5_999_999}
        exchange.replace(record, ("FundsDepositedEvent", {**event, "entries": [entry]}))
        says(exchange, {"I1", "I6"}, "units came in and")

    def test_a_deposit_told_as_a_withdrawal(self) -> None:
        exchange = made_exchange()
        record, event = exchange.find(EVENTS, "FundsDepositedEvent", 3)
        exchange.replace(record, ("FundsWithdrawnEvent", event))
        says(exchange, {"I6"}, "another kind of record")

    def test_an_event_that_is_missing(self) -> None:
        exchange = made_exchange()
        record, _ = exchange.find(EVENTS, RESERVED, 5)
        exchange.replace(record)
        # The order that it paid for has no reservation in the log any more.
        says(exchange, {"I1", "I2", "I4", "I6"}, "has 0 events, not 1")

    def test_an_event_that_is_there_twice(self) -> None:
        exchange = made_exchange()
        record, event = exchange.find(EVENTS, "FillSettledEvent", 5)
        exchange.replace(record, ("FillSettledEvent", event), ("FillSettledEvent", event))
        says(exchange, {"I1", "I2", "I6"}, "has 2 events, not 1")

    def test_an_event_that_nothing_caused(self) -> None:
        exchange = made_exchange()
        _, event = exchange.find(EVENTS, "FundsDepositedEvent")
        exchange.put(Partition(EVENTS, 0), b"x", "FundsDepositedEvent", event)
        says(exchange, {"I6"}, "nothing in wallet.commands caused this record")

    def test_a_negative_balance(self) -> None:
        exchange = made_exchange()
        record, event = exchange.find(EVENTS, "FundsReleasedEvent", 2)
        shown = [{**event["balances"][0], "held_units": -1}]
        exchange.replace(record, ("FundsReleasedEvent", {**event, "balances": shown}))
        says(exchange, {"I1", "I4", "I6"}, "available and held")

    def test_a_wrong_number_of_an_entry(self) -> None:
        exchange = made_exchange()
        record, event = exchange.find(EVENTS, RESERVED, 2)
        entries = [{**event["entries"][0], "entry_id": event["entries"][0]["entry_id"] + 1}]
        exchange.replace(record, (RESERVED, {**event, "entries": entries}))
        says(exchange, {"I1", "I6"}, "follows")

    @pytest.mark.parametrize("how", ["changed", "missing", "too many"])
    @pytest.mark.parametrize("kind", ["account", "balance", "hold", "command", "partition"])
    def test_a_wrong_row(self, kind: str, how: str) -> None:
        def change(tables: dict[str, Any]) -> None:
            rows = tables[ACCOUNTS_WALLET.name][1]
            key = next(key for key in rows if key.startswith(kind))
            if how == "missing":
                del rows[key]
            elif how == "too many":
                rows[f"{key}0"] = rows[key]
            else:
                name, row = decode(rows[key])
                field = next(reversed(row))
                row[field] = row[field] + 1
                rows[key] = encoder(name)(row)

        says(made_exchange(), {"I6"}, f"-wallet-changelog/1 {kind}", change_tables=change)


class TestSettlements:
    """Matching's word to the wallets is changed, and the wallets go on from that."""

    @pytest.mark.parametrize(
        ("tamper", "invariants", "text"),
        [
            pytest.param(Once(SETTLE, lost), {"I1", "I6"}, "the engine gives", id="lost"),
            pytest.param(
                Once(SETTLE, lambda to, value: [(to, SETTLE, value)] * 2),
                {"I6"},
                "the engine gives",
                id="doubled",
            ),
            pytest.param(
                Once(SETTLE, with_more(SETTLE, "received_units", 1)),
                {"I1", "I6"},
                "are in transit, and no fill of",
                id="a fill that gives too much",
            ),
            pytest.param(
                Once(SETTLE, with_more(SETTLE, "paid_units", 10**12)),
                {"I1", "I4", "I6"},
                "is refused: HOLD_EXCEEDED",
                id="a fill that takes more than there is",
            ),
            pytest.param(
                Once("WalletReleaseFundsCommand", lost, nth=3),
                {"I4", "I6"},
                "units are held for no order",
                id="a release that is lost",
            ),
            pytest.param(
                Once(
                    "WalletReleaseFundsCommand",
                    lambda to, value: [
                        (to, "WalletReleaseFundsCommand", {**value, "keep_units": 1})
                    ],
                    nth=3,
                ),
                {"I4", "I6"},
                "1 units are held for no order",
                id="a release that keeps something",
            ),
        ],
    )
    def test_falsified(self, tamper: Tamper, invariants: set[str], text: str) -> None:
        says(made_exchange(tamper=tamper), invariants, text)

    def test_out_of_order(self) -> None:
        """The first of two fills of one hold comes behind the second, with its cause."""
        exchange = made_exchange()
        for nth in range(1, 500):
            record, value = exchange.find(COMMANDS, SETTLE, nth)
            records = exchange.records[record.partition]
            later = [
                each
                for each in records[records.index(record) + 1 :]
                if decode(each.value or b"")[1].get("hold_id") == value["hold_id"]
            ]
            if later and later[0].headers != record.headers:
                break
        one, two = records.index(record), records.index(later[0])
        records[one], records[two] = (
            later[0]._replace(offset=record.offset),
            record._replace(offset=later[0].offset),
        )
        audit = exchange.audit()
        assert "I6" in violated(audit.findings)

    def test_a_fill_that_matching_did_not_make(self) -> None:
        exchange = made_exchange()
        _, value = exchange.find(COMMANDS, SETTLE)
        exchange.write(COMMANDS, SETTLE, {**value, "execution_id": value["execution_id"] + 9_000})
        exchange.run()
        audit = exchange.audit()
        assert "I6" in violated(audit.findings)
        assert any("nothing in orders.incoming caused" in text for _, text in first_found(audit))

    def test_a_hold_that_is_too_small(self) -> None:
        reserve = "WalletReserveFundsCommand"
        tamper = Once(reserve, with_more(reserve, "amount_units", -1), nth=10)
        audit = made_exchange(tamper=tamper).audit()
        assert {"I4", "I7"} <= violated(audit.findings)
        assert any("and its order needs" in text for _, text in first_found(audit))

    def test_a_hold_that_nobody_needs_is_found_when_its_order_never_came(self) -> None:
        tamper = Once("PlaceOrder", lost, topic=INCOMING, nth=9)
        audit = made_exchange(tamper=tamper).audit()
        assert "I4" in violated(audit.findings)
        assert any("are held for no order" in text for _, text in first_found(audit))
