"""What an account has, and how it came to it: read from the log."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.codec import decode
from schemas.topics import ACCOUNTS_WALLET, WALLET_EVENTS
from tradeflow.errors import TradeflowError
from tradeflow.partitioning import partition_of
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_POLL_SECONDS = 0.2


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
        event = decode(record.value or b"")[1]
        if event["account_id"] == account_id:
            for entry in event["entries"]:
                yield event, entry


def _records(bootstrap: str, topic: str, account_id: str) -> Iterator[Record]:
    """What the account's partition of a topic has, up to its present end."""
    topics = Topics(bootstrap)
    count = len(topics.partitions(topic))
    partition = Partition(topic, partition_of(account_id.encode(), count))
    reader = TopicReader(bootstrap, topics.starts([partition]), wait_ms=5)
    try:
        while not reader.at_end():
            yield from reader.read(_POLL_SECONDS)
    finally:
        reader.close()
