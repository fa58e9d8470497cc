"""`tradeflow topics`: the catalogue of topics."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from schemas.topics import Topic

_DAY_MS = 86_400_000


def topics() -> None:
    """Show the topics: what is on them, how long it is kept, who writes and who reads."""
    from rich.console import Console

    from tradeflow.commands.worker import streams_settings

    console = Console()
    if not console.is_terminal:
        # A pipe has no width to fit in: one topic a line, so that grep finds all of it.
        console = Console(width=1_000)
    console.print(catalogue(streams_settings().partitions))


def catalogue(keyed_partitions: int) -> "Table":
    """The catalogue as a table, a topic a row."""
    from rich import box
    from rich.table import Table

    from schemas.topics import TOPICS

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("topic", no_wrap=True)
    for heading in ("key", "values"):
        table.add_column(heading, overflow="fold")
    table.add_column("parts", justify="right")
    for heading in ("kept", "written by", "read by", "for"):
        table.add_column(heading, overflow="fold")
    for topic in TOPICS:
        table.add_row(
            topic.name,
            topic.key,
            ", ".join(topic.values),
            str(topic.partition_count(keyed_partitions)),
            _kept(topic),
            ", ".join(topic.producers),
            ", ".join(topic.consumers),
            "public" if topic.public else "internal",
        )
    return table


def _kept(topic: "Topic") -> str:
    if topic.cleanup == "compact":
        return "the last of each key"
    if topic.retention_ms < 0:
        return "for good"
    return f"{topic.retention_ms / _DAY_MS:g} days"
