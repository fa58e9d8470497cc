"""What a REST request says: its headers, and its parameters in query and body."""

from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from web.binance.errors import error
from web.binance.parameters import Given
from web.edge.front import BODY_BYTES_MAX, too_large

_FIELDS_MAX = 200


class RestRequest:
    """A request as it came, without its body."""

    __slots__ = ("_headers", "address", "query")

    def __init__(self, scope: Scope) -> None:
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.query: bytes = scope["query_string"]
        self.address: str = scope["client"][0] if scope.get("client") else ""

    def header(self, wanted: bytes) -> bytes:
        """The value of the first header of this name, in lower case; b"" where there is none."""
        for name, value in self._headers:
            if name == wanted:
                return value
        return b""


async def read_body(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        BinanceError: it is too large, or the client went away in the middle of it.
    """
    parts, size = [], 0
    is_more = True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise error("DISCONNECTED")
        part = message.get("body", b"")
        is_more = message.get("more_body", False)
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise too_large()
        parts.append(part)
    return b"".join(parts)


def given_in(query: bytes, body: bytes) -> Given:
    """Parameters of both; of those in both the query's count.

    Raises:
        BinanceError: they are no parameters.
    """
    try:
        of_query = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
        of_body = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise error("ILLEGAL_CHARACTERS", name="body", legal="name=value&...") from None
    names = {name for name, _ in of_query}
    return of_query + [each for each in of_body if each[0] not in names]
