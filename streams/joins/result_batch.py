"""A batch as its agent sees it after a join."""

from streams.transport import Batch
from streams.transport.errors import TransportError
from streams.transport.headers import Headers


class ResultBatch:
    """Iterate it once, to its end, and emit while you do.

    ``emit``, ``emit_beside``, ``dead_letter``, ``headers`` and ``position`` are those of the record
    that iteration stands on: the cause of a result is the record that brought it about.
    """

    __slots__ = ("batch", "emit", "emit_beside", "is_read", "partition", "topic")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.topic = batch.topic
        self.partition = batch.partition
        self.emit = batch.emit
        self.emit_beside = batch.emit_beside
        self.is_read = False
        """Its iteration came to the end: what it changes is in the table."""

    def dead_letter(self, reason: str, detail: str = "") -> None:
        """As a batch's."""
        self.batch.dead_letter(reason, detail)

    @property
    def position(self) -> str:
        """As a batch's."""
        return self.batch.position

    @property
    def headers(self) -> Headers:
        """As a batch's."""
        return self.batch.headers

    def require_read(self) -> None:
        """Raise where an agent left records: they would be committed, and neither joined nor kept.

        Raises:
            TransportError: the loop over the batch ended early.
        """
        if not self.is_read:
            raise TransportError(
                f"an agent left the joined batch that ended at {self.position} before its end"
            )
