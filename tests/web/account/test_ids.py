"""Two accounts and every id: what is another's is to anybody else as if it were not there.

From the table of all endpoints: each parameter that looks like an id is either the name of what is
made, or here with what it may name.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple

import pytest

from tests.web.account.belongings import Belongings
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import funded_client
from tests.web.socket_client import SocketClient, signed
from web.auth.api_key import ApiKey
from web.auth.security import Security
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Endpoint
from web.binance.ws_methods import SESSION_METHODS

ONE, FROM = "one", "from"
"""Whether it names one thing, or the first of those that are wanted."""

_ORDER = {"orderId": ("order_id", ONE), "origClientOrderId": ("client_order_id", ONE)}
_CANCEL = {
    "cancelOrderId": ("order_id", ONE),
    "cancelOrigClientOrderId": ("client_order_id", ONE),
}
EXISTING: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "GET /api/v3/order": _ORDER,
    "DELETE /api/v3/order": _ORDER,
    "PUT /api/v3/order/amend/keepPriority": _ORDER,
    "POST /api/v3/order/cancelReplace": _CANCEL,
    "GET /api/v3/order/amendments": {
        "orderId": ("order_id", ONE),
        "fromExecutionId": ("execution_id", FROM),
    },
    "GET /api/v3/allOrders": {"orderId": ("order_id", FROM)},
    "GET /api/v3/myTrades": {"orderId": ("order_id", ONE), "fromId": ("trade_id", FROM)},
    "GET /api/v3/myPreventedMatches": {
        "preventedMatchId": ("match_id", ONE),
        "orderId": ("order_id", ONE),
        "fromPreventedMatchId": ("match_id", FROM),
    },
    "GET /api/v3/myAllocations": {
        "orderId": ("order_id", ONE),
        "fromAllocationId": ("trade_id", FROM),
    },
    "GET /api/v3/orderList": {
        "orderListId": ("list_id", ONE),
        "origClientOrderId": ("list_name", ONE),
    },
    "DELETE /api/v3/orderList": {
        "orderListId": ("list_id", ONE),
        "listClientOrderId": ("list_name", ONE),
    },
    "GET /api/v3/allOrderList": {"fromId": ("list_id", FROM)},
    "GET /sapi/v1/capital/withdraw/history": {
        "withdrawOrderId": ("withdrawal_name", ONE),
        "idList": ("withdrawal_id", ONE),
    },
    "GET /sapi/v1/capital/deposit/hisrec": {"txId": ("deposit_id", ONE)},
    "PUT /api/v3/userDataStream": {"listenKey": ("listen_key", ONE)},
    "DELETE /api/v3/userDataStream": {"listenKey": ("listen_key", ONE)},
}
"""By endpoint and parameter: what of a victim's it may name."""
_TERMS = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "120"}
NEEDED: Mapping[str, Mapping[str, str]] = {
    "PUT /api/v3/order/amend/keepPriority": {"newQty": "0.5"},
    "POST /api/v3/order/cancelReplace": {**_TERMS, "cancelReplaceMode": "STOP_ON_FAILURE"},
}
"""What else such a request has to say, beside the symbol."""
OWN_ORDER = {
    ("GET /api/v3/order/amendments", "fromExecutionId"),
    ("GET /api/v3/myPreventedMatches", "fromPreventedMatchId"),
}
"""Asked within an order of one's own."""
_LOOKS_LIKE_AN_ID = re.compile(r"\w*(Id|Ids|List|Key|Code)")
_OF_WHAT_IS_MADE = re.compile(r"\w*[sS]trategyId|\w+(?<!orig)(?<!Orig)ClientOrderId")
_NOT_AN_ID = {"POST /sapi/v1/capital/withdraw/apply": {"withdrawOrderId"}}
"""Names what is made too; tests/web/account/test_strangers.py."""


class Place(NamedTuple):
    """An endpoint's parameter."""

    endpoint: Endpoint
    parameter: str

    @property
    def name(self) -> str:
        """As the tables name the endpoint."""
        return f"{self.endpoint.method} {self.endpoint.path}"


PLACES = [
    Place(endpoint, parameter)
    for endpoint in ENDPOINTS
    for parameter in EXISTING.get(f"{endpoint.method} {endpoint.path}", ())
]
READABLE = [
    place
    for place in PLACES
    # After the others there would be nothing to be read any more, and nobody has allocations.
    if not (place.endpoint.security.changes_state or place.endpoint.method == "DELETE")
    and place.endpoint.path != "/api/v3/myAllocations"
]
EVERY_WAY = [("REST", place) for place in PLACES] + [
    ("WebSocket API", place) for place in PLACES if place.endpoint.ws_method
]


def test_no_id_of_any_endpoint_is_left_out() -> None:
    left_out = []
    for endpoint in ENDPOINTS:
        name = f"{endpoint.method} {endpoint.path}"
        if endpoint.security is Security.NONE:
            continue
        for parameter in endpoint.parameters:
            is_known = parameter.name in EXISTING.get(name, {}) | dict.fromkeys(
                _NOT_AN_ID.get(name, ())
            )
            is_made = name.startswith("POST") or parameter.name.startswith("new")
            is_made = is_made and _OF_WHAT_IS_MADE.fullmatch(parameter.name) is not None
            if _LOOKS_LIKE_AN_ID.fullmatch(parameter.name) and is_known == is_made:
                left_out.append((name, parameter.name))

    assert left_out == []
    # Of the session's own methods: below.
    taken = {m.name: [p.name for p in m.parameters] for m in SESSION_METHODS.values()}
    assert {name: names for name, names in taken.items() if names} == {
        "userDataStream.unsubscribe": ["subscriptionId"]
    }


class Two(NamedTuple):
    """Accounts that have nothing to do with each other, but for the symbol."""

    victim: Belongings
    before: list[Any]
    """All of the victim's, untouched."""
    stranger: Belongings
    key: ApiKey
    """The stranger's."""
    socket: SocketClient

    def ask(self, over: str, place: Place, who: Belongings, value: Any) -> tuple[int, Any]:
        """What the stranger is told: status, and result or error; or the owner, over REST."""
        endpoint, parameters = place.endpoint, self._parameters(place, who, value)
        if over == "REST":
            answer = who.client.response(endpoint.method, endpoint.path, **parameters)
            return answer.status_code, answer.json()
        assert who is self.stranger
        told = self.socket.ask(endpoint.ws_method, **signed(self.key, **parameters))
        return told["status"], told.get("result", told.get("error"))

    def _parameters(self, place: Place, who: Belongings, value: Any) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if any(each.name == "symbol" for each in place.endpoint.parameters):
            said["symbol"] = who.symbol
        said |= NEEDED.get(place.name, {})
        if (place.name, place.parameter) in OWN_ORDER:
            said["orderId"] = who.order_id
        return said if value is None else {**said, place.parameter: value}


_numbers = count(1)


@pytest.fixture(scope="module")
def two(
    exchange: RunningExchange, gateway: RunningGateway, symbols: Iterator[str]
) -> Iterator[Two]:
    symbol, number = next(symbols), next(_numbers)
    taker = funded_client(exchange, gateway, f"ids-taker-{number}")
    made: list[Belongings] = []
    for name, price in (("victim", "100"), ("stranger", "99")):
        client = funded_client(exchange, gateway, f"ids-{name}-{number}")
        made.append(Belongings(client, taker, symbol, price=price))
    victim, stranger = made
    key = gateway.keys.add(key_of(stranger.client.account_id))
    with SocketClient(f"ws://{gateway.address}/ws-api/v3") as socket:
        yield Two(victim, victim.everything(), stranger, key, socket)
    for client in (taker, *(each.client for each in made)):
        client.close()


def nobodys(value: Any) -> Any:
    """An id of the same kind that nobody has."""
    return 2**40 if isinstance(value, int) else "n" * len(value)


@pytest.mark.parametrize(
    ("over", "place"), EVERY_WAY, ids=[f"{over} {p.name} {p.parameter}" for over, p in EVERY_WAY]
)
def test_anothers_is_as_if_it_were_not_there(two: Two, place: Place, over: str) -> None:
    attribute, kind = EXISTING[place.name][place.parameter]
    value = attrgetter(attribute)(two.victim)

    status, told = two.ask(over, place, two.stranger, value)

    if kind == ONE:
        assert (status, told) == two.ask(over, place, two.stranger, nobodys(value))
        assert told == [] or status >= 400
    else:
        _, own = two.ask(over, place, two.stranger, None)
        assert status == 200
        assert [each for each in told if each not in own] == []
    assert two.victim.client.account_id not in str(told)
    assert two.victim.everything() == two.before


@pytest.mark.parametrize(
    "place", READABLE, ids=[f"{each.name} {each.parameter}" for each in READABLE]
)
def test_the_owner_is_told(two: Two, place: Place) -> None:
    """The ids are ids of something: to the one whose they are."""
    attribute, _ = EXISTING[place.name][place.parameter]

    status, told = two.ask("REST", place, two.victim, attrgetter(attribute)(two.victim))

    assert status == 200 and (told or place.endpoint.method == "PUT")


def test_a_subscription_is_its_connections_own(two: Two, gateway: RunningGateway) -> None:
    url = f"ws://{gateway.address}/ws-api/v3"
    victim_key = key_of(two.victim.client.account_id)
    with SocketClient(url) as theirs, SocketClient(url) as mine:
        subscribed = theirs.ask("userDataStream.subscribe.signature", **signed(victim_key))
        number = subscribed["result"]["subscriptionId"]

        refused = mine.ask("userDataStream.unsubscribe", subscriptionId=number)
        assert refused["error"]["code"] == -2036
        mine.ask("userDataStream.subscribe.signature", **signed(two.key))
        assert mine.ask("userDataStream.unsubscribe", subscriptionId=number)["status"] == 200
        assert mine.ask("session.subscriptions")["result"] == []

        assert theirs.ask("session.subscriptions")["result"] == [{"subscriptionId": number}]
