"""What an account has, and how it came to it: read from the log."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.codec import decode
from schemas.limits import find_fault
from schemas.partitioning import partition_of
from schemas.topics import ACCOUNTS_WALLET, WALLET_EVENTS
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_POLL_SECONDS = 0.2
_SILENCE_SECONDS = 15.0
_ANY_COMMAND = {"command_id": "any", "time_ms": 0}


class Statement(NamedTuple):
    """An account's row, and the rows of its balances by asset."""

    account: dict[str, Any]
    balances: dict[str, dict[str, Any]]


def statement(bootstrap: str, account_id: str) -> Statement:
    """What an account has now, by the table of the accounts stage.

    Raises:
        TradeflowError: there is no such account.
    """
    account: dict[str, Any] | None = None
    balances: dict[str, dict[str, Any]] = {}
    wanted, prefix = f"account {account_id}", f"balance {account_id} "
    for record in _records(bootstrap, ACCOUNTS_WALLET.name, account_id):
        key = (record.key or b"").decode()
        if record.value is None or not (key == wanted or key.startswith(prefix)):
            continue
        row = decode(record.value)[1]
        if key == wanted:
            account = row
        else:
            balances[row["asset"]] = row
    if account is None:
        raise TradeflowError(
            f"There is no account {account_id!r}.",
            remedy=f"Open it with: tradeflow account create {account_id}",
        )
    return Statement(account, dict(sorted(balances.items())))


def ledger_entries(
    bootstrap: str, account_id: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """All ledger entries of an account, oldest first, each behind the event that it came with."""
    for record in _records(bootstrap, WALLET_EVENTS.name, account_id):
        if record.key != account_id.encode():
            continue  # another's, or a tick
        event = decode(record.value or b"")[1]
        for entry in event["entries"]:
            yield event, entry


def _records(bootstrap: str, topic: str, account_id: str) -> Iterator[Record]:
    """What the account's partition of a topic has, up to its present end."""
    if find_fault("WalletOpenAccountCommand", {**_ANY_COMMAND, "account_id": account_id}):
        raise TradeflowError(f"{account_id!r} is no account's id.")
    topics = Topics(bootstrap)
    count = len(topics.partitions(topic))
    partition = Partition(topic, partition_of(account_id.encode(), count))
    end = topics.ends([partition])[partition]
    reader = TopicReader(bootstrap, topics.starts([partition]), wait_ms=5)
    try:
        waited = time.monotonic()
        while reader.positions[partition] < end:
            records = reader.read(_POLL_SECONDS)
            yield from records
            now = time.monotonic()
            if records:
                waited = now
            elif now - waited > _SILENCE_SECONDS:
                raise TradeflowError(
                    "The broker has stopped answering.", remedy="See that it runs, and try again."
                )
    finally:
        reader.close()
