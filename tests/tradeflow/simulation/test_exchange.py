"""The simulated log and stages by themselves."""

from random import Random

from schemas.codec import decode, encode
from tradeflow.simulation.exchange import START_MS, SimulatedExchange
from tradeflow.simulation.faults import NO_FAULTS, Faults
from tradeflow.simulation.instruments import INSTRUMENTS
from tradeflow.simulation.log import SimulatedLog


def an_exchange() -> SimulatedExchange:
    rng = Random(1)
    return SimulatedExchange(INSTRUMENTS, rng, Faults(rng, NO_FAULTS))


def opened(account_id: str) -> bytes:
    command = {"command_id": "o", "account_id": account_id, "time_ms": START_MS}
    return encode("WalletOpenAccountCommand", command)


def test_the_log_stamps_some_topics_and_keeps_the_producers_time_of_others() -> None:
    log = SimulatedLog({"stamped": 1, "other": 3}, stamped=("stamped",), now_ms=1_000)

    stamped = log.append("stamped", b"k", b"v", timestamp_ms=5)
    other = log.append("other", b"k", b"v", timestamp_ms=5)

    assert (stamped.timestamp()[1], other.timestamp()[1]) == (1_000, 5)
    assert log.append("other", b"k", b"w").offset() == 1
    assert log.end("other", other.partition()) == 2
    assert [record.value() for record in log.all_records("other")] == [b"v", b"w"]


def test_a_changelog_is_compacted() -> None:
    log = SimulatedLog({"rows": 1}, stamped=(), now_ms=0)
    for key, value in ((b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"b", None)):
        log.write_row("rows", 0, key, value)

    assert log.rows("rows", 0) == {b"a": b"3"}


def test_what_is_not_committed_never_was() -> None:
    exchange = an_exchange()
    accounts = exchange.stages["accounts"]
    record = exchange.log.append("wallet.commands", b"ann", opened("ann"))
    worker = accounts.owners[record.partition()]
    digest = exchange.log.digest()

    accounts.process(worker, accounts.unread(worker))
    accounts.restart(worker)

    assert exchange.log.digest() == digest
    accounts.commit(accounts.process(worker, accounts.unread(worker)))
    (event,) = exchange.log.all_records("wallet.events")
    assert decode(event.value() or b"")[0] == "AccountStatusChangedEvent"
    assert not decode(event.value() or b"")[1]["is_repeat"]


def test_another_worker_goes_on_from_the_rows() -> None:
    exchange = an_exchange()
    accounts = exchange.stages["accounts"]
    number = exchange.log.append("wallet.commands", b"ann", opened("ann")).partition()
    exchange.drain_round()
    accounts.move(number, 1 - accounts.owners[number])
    exchange.log.append("wallet.commands", b"ann", opened("ann"))
    exchange.drain_round()

    first, second = exchange.log.all_records("wallet.events")
    assert decode(second.value() or b"")[1]["is_repeat"]
    assert not decode(first.value() or b"")[1]["is_repeat"]


def test_a_record_without_a_value_is_one_dead_letter() -> None:
    exchange = an_exchange()
    exchange.log.append("orders.commands", b"ann", None)
    exchange.drain_round()

    (letter,) = exchange.log.all_records("orders.dead-letters")
    assert decode(letter.value() or b"")[1]["reason"] == "EMPTY"
