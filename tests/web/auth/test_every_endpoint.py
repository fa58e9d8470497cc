"""Every endpoint with everything that can be wrong with who asks, from the one table of endpoints.

Handlers are replaced, and nothing else: parameters are looked at behind the door, so that who has
no right is never told what is wrong with them.
"""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from tests.web.auth.raw_requests import RawRequest, ask
from tests.web.auth.security_table import EXPECTED, name_of
from tests.web.binance.talk import Talk, signed
from tests.web.memory_keys import MemoryKeys, key_of
from tests.web.standing_gateway import standing_gateway
from web.auth.api_key import ApiKey
from web.auth.caller import Scope
from web.auth.security import Security
from web.auth.signing import sign
from web.binance import rest
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Call, Endpoint
from web.binance.ws_methods import SESSION_METHODS
from web.clock import now_ms

ALICE, BOB, NOBODY = key_of("alice"), key_of("bob"), key_of("nobody")
OF_SCOPE = {scope: key_of("carol", scope) for scope in Scope}
KEYS = (ALICE, BOB, *OF_SCOPE.values())

CHANGES = (Security.TRADE, Security.WITHDRAW, Security.OPERATOR)
SIGNED = (Security.LOGON, Security.USER_DATA, *CHANGES)
KEYED = (Security.USER_STREAM, *SIGNED)
_NEEDS = {
    Security.USER_STREAM: Scope.READ,
    Security.USER_DATA: Scope.READ,
    Security.TRADE: Scope.TRADE,
    Security.WITHDRAW: Scope.WITHDRAW,
    Security.OPERATOR: Scope.OPERATE,
}

Answer = tuple[int, int, str]
"""Status, code and text; let in: 200, 0 and the account."""

KEY_FORMAT: Answer = (401, -2014, "API-key format invalid.")
NO_RIGHT: Answer = (401, -2015, "Invalid API-key, IP, or permissions for action.")
OLD: Answer = (400, -1021, "Timestamp for this request is outside of the recvWindow.")
SIGNATURE: Answer = (400, -1022, "Signature for this request is not valid.")
NOT_LOGGED_ON: Answer = (401, -1002, "You are not authorized to execute this request.")


def mandatory(name: str) -> Answer:
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return 400, -1102, text


class Case(NamedTuple):
    """Something that is wrong, or not; to whom it matters, and what they answer."""

    name: str
    refused: Mapping[Security, Answer]
    """The others let it in."""
    sends: ApiKey | None = ALICE
    """The key that is sent."""
    signs: ApiKey | None = ALICE
    """The key whose secret signs."""
    ago_ms: int = 0
    times: int = 1


def each(securities: tuple[Security, ...], answer: Answer) -> dict[Security, Answer]:
    return dict.fromkeys(securities, answer)


CASES = [
    Case("all is right", {}),
    Case("no auth", each(KEYED, KEY_FORMAT), sends=None, signs=None),
    Case("wrong key", each(KEYED, NO_RIGHT), sends=NOBODY, signs=NOBODY),
    Case("no signature", each(SIGNED, mandatory("signature")), signs=None),
    Case("other's key", each(SIGNED, SIGNATURE), sends=BOB),
    Case("other's signature", each(SIGNED, SIGNATURE), signs=BOB),
    Case("stale timestamp", each(SIGNED, OLD), ago_ms=120_000),
    Case("timestamp ahead of time", each(SIGNED, (400, -1021, "")), ago_ms=-120_000),
    # What reads may be repeated: it changes nothing.
    Case("replayed signature", each(CHANGES, SIGNATURE), times=2),
    *(
        Case(
            f"key of the scope {scope} alone",
            {security: NO_RIGHT for security, needed in _NEEDS.items() if needed is not scope},
            sends=key,
            signs=key,
        )
        for scope, key in OF_SCOPE.items()
    ),
]

_windows = itertools.count(30_000)
"""So that no request is another's repetition; two may be signed in one millisecond."""


async def _whoami(call: Call) -> dict[str, str]:
    return {"account": "" if call.caller is None else call.caller.account_id}


STUBBED = [replace(endpoint, handle=_whoami, state_of=None) for endpoint in ENDPOINTS]
WITH_PATHS = [(each, path) for each in STUBBED for path in (each.path, *each.old_paths)]
METHODS = {endpoint.ws_method: endpoint for endpoint in STUBBED if endpoint.ws_method}


def test_the_table_says_of_every_endpoint_who_may_ask() -> None:
    """One without a security of its own is open to all: this must be somebody's will."""
    declared = {name_of(endpoint): endpoint.security for endpoint in ENDPOINTS}
    declared |= {f"WS {method.name}": method.security for method in SESSION_METHODS.values()}

    assert declared == EXPECTED
    assert len(declared) == len(ENDPOINTS) + len(SESSION_METHODS)


def let_in(endpoint: Endpoint, security: Security, case: Case) -> Answer:
    """What who is let in is told, who sends no parameters."""
    missing = next((each.name for each in endpoint.parameters if each.is_required), None)
    if missing is not None:
        return mandatory(missing)
    asks = None if security is Security.NONE else case.sends
    return 200, 0, "" if asks is None else asks.account_id


def is_as_expected(got: Answer, wanted: Answer) -> bool:
    return got[:2] == wanted[:2] and got[2].startswith(wanted[2])


@pytest.fixture(scope="module")
def app() -> Starlette:
    keys = MemoryKeys()
    for key in KEYS:
        keys.add(key)
    return Starlette(routes=[*rest.routes(standing_gateway(keys), STUBBED)])


def parameters(case: Case) -> dict[str, Any]:
    return {"timestamp": now_ms() - case.ago_ms, "recvWindow": next(_windows)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(
    ("endpoint", "path"), WITH_PATHS, ids=[f"{each.method} {path}" for each, path in WITH_PATHS]
)
def test_over_rest(endpoint: Endpoint, path: str, case: Case, app: Starlette) -> None:
    security = EXPECTED[name_of(endpoint)]
    said = parameters(case) if security in SIGNED else {}
    query = urlencode(said)
    if case.signs is not None and said:
        query += f"&signature={sign(case.signs.secret, query.encode())}"
    headers = () if case.sends is None else ((b"x-mbx-apikey", case.sends.key.encode()),)
    request = RawRequest(endpoint.method, path, query.encode(), b"", headers)

    for _ in range(case.times):
        status, answer = ask(app, request)

    got = status, answer.get("code", 0), answer.get("msg", answer.get("account"))
    wanted = case.refused.get(security, let_in(endpoint, security, case))
    assert is_as_expected(got, wanted), (got, wanted)


@pytest.fixture(scope="module")
def talk() -> Talk:
    """All keys are known; a connection of its own for each request is not needed."""
    made = Talk(endpoints=STUBBED)
    for key in KEYS:
        made.keys.add(key)
    return made


def params_of(case: Case, security: Security) -> dict[str, Any]:
    if security is Security.NONE:
        return {}
    said = {} if case.sends is None else {"apiKey": case.sends.key}
    if security is Security.USER_STREAM:
        return said
    said |= parameters(case)
    if case.signs is None:
        return said
    return signed(case.signs, **said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("method", METHODS)
def test_over_the_websocket_api(method: str, case: Case, talk: Talk) -> None:
    endpoint = METHODS[method]
    security = EXPECTED[name_of(endpoint)]

    got = asked(talk, method, params_of(case, security), case.times)

    wanted = case.refused.get(security, let_in(endpoint, security, case))
    if security is Security.USER_STREAM and case.sends is None:
        # There is a parameter to be missed.
        wanted = mandatory("apiKey")
    assert is_as_expected(got, wanted), (got, wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("method", SESSION_METHODS)
def test_methods_of_the_session(method: str, case: Case) -> None:
    security = EXPECTED[f"WS {method}"]
    talk = Talk(endpoints=STUBBED)
    for key in KEYS:
        talk.keys.add(key)

    got = asked(talk, method, params_of(case, security), case.times)

    wanted = case.refused.get(security, (200, 0, ""))
    if SESSION_METHODS[method].needs_logon:
        wanted = NOT_LOGGED_ON
    elif method == "session.logon" and case.times > 1:
        # Whoever has read one on its way does not log on with it.
        wanted = case.refused.get(Security.TRADE, wanted)
    elif method == "userDataStream.unsubscribe":
        wanted = (400, -2036, "User Data Stream subscription not active.")
    elif method == "userDataStream.subscribe.signature" and case.times > 1:
        wanted = (400, -2035, "User Data Stream subscription already active.")
    assert is_as_expected(got, wanted), (got, wanted)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", METHODS)
def test_who_has_logged_on_has_the_rights_of_the_key(method: str, scope: Scope) -> None:
    endpoint, key = METHODS[method], OF_SCOPE[scope]
    security = EXPECTED[name_of(endpoint)]
    talk = Talk(endpoints=STUBBED)
    talk.keys.add(key)
    assert talk.logon(key)["status"] == 200

    said = {"timestamp": now_ms()} if security in SIGNED else {}
    got = asked(talk, method, said, times=1)

    logged_on = Case("", {}, sends=key)
    is_allowed = _NEEDS.get(security, scope) is scope
    wanted = let_in(endpoint, security, logged_on) if is_allowed else NO_RIGHT
    assert is_as_expected(got, wanted), (got, wanted)


def asked(talk: Talk, method: str, params: dict[str, Any], times: int) -> Answer:
    """The last answer to a request that is sent so often."""
    for _ in range(times):
        answer = talk.ask(method, **params)
    if "error" in answer:
        return answer["status"], answer["error"]["code"], answer["error"]["msg"]
    result = answer["result"]
    account = result.get("account", "") if isinstance(result, dict) else ""
    return answer["status"], 0, account
