"""Lets requests in: key, time, signature, scope, and never the same one twice; in this order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from web.auth.api_key import ApiKey, KeyRing, KeysAwayError
from web.auth.caller import Caller, Scope
from web.auth.refusal import Refusal, Refused
from web.auth.security import Security
from web.auth.seen_signatures import SeenSignatures, TooManySignaturesError
from web.auth.signing import (
    AHEAD_MAX_MS,
    RECV_WINDOW_MAX_MS,
    RECV_WINDOW_MS,
    is_signed_by,
    timestamp_ms,
)
from web.binance.errors import BinanceError, error
from web.clock import now_ms

_SCOPES: Mapping[Security, Scope] = {
    Security.USER_STREAM: Scope.READ,
    Security.USER_DATA: Scope.READ,
    Security.TRADE: Scope.TRADE,
    Security.WITHDRAW: Scope.WITHDRAW,
    Security.OPERATOR: Scope.OPERATE,
}
_KEY = re.compile(r"[A-Za-z0-9]{1,128}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_WINDOW = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?", re.ASCII)
_CLOCKS_MS = 5_000
"""Clocks of several processes differ by less, and are set back by less."""

# A request that came before is refused as if its signature were wrong (-1022).  Binance documents
# no code of its own for it, and of the others: -2010 «Duplicate order sent.» is about an order with
# an id that is taken, and would be wrong for a cancel; -1021 is a network error to ccxt, which a
# bot answers by signing anew: where the first request was carried out and only its answer was lost,
# that would be a second order.  After -1022 no client goes on by itself.
_ERRORS: Mapping[Refusal, str] = {
    Refusal.UNKNOWN_KEY: "KEY",
    Refusal.WRONG_SIGNATURE: "SIGNATURE",
    Refusal.MISSING_SCOPE: "KEY",
    Refusal.REPLAYED: "SIGNATURE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself, whatever way it came."""

    key: str
    """The API key; "" where none came."""
    payload: bytes
    """What its signature is of: ``signed_payload`` over REST, over the WebSocket API the sorted
    parameters."""
    sent: Mapping[str, str]
    """All its parameters, as texts."""
    address: str
    is_logged_on: bool = False
    """Whether this connection has proved to have the key: then no signature is asked for."""


class Door:
    """Checks who asks."""

    def __init__(
        self,
        keys: KeyRing,
        seen: SeenSignatures,
        on_refusal: Callable[[Refused], None] = lambda refused: None,
    ) -> None:
        """``on_refusal`` is told of who had no right to ask, and must not wait."""
        self._keys = keys
        self._seen = seen
        self._on_refusal = on_refusal

    async def admit(self, security: Security, asked: Asked) -> Caller | None:
        """Who calls; None where nobody needs to say.

        A request that changes state is admitted once, and so is a logon: what becomes of it
        afterwards, the very same bytes are not let in again.

        Raises:
            BinanceError: the request is not to be carried out.
        """
        if security is Security.NONE:
            return None
        key = await self._find(asked.key, asked.address)
        until_ms = 0
        if security.is_signed:
            until_ms = _require_window(asked.sent, now_ms())
            if not asked.is_logged_on:
                self._require_signature(key, asked)
        self._require_scope(security, key, asked.address)
        if security.comes_once and not asked.is_logged_on:
            await self._require_new(key, asked, until_ms)
        return Caller(
            account_id=key.account_id, key=key.key, scopes=key.scopes, address=asked.address
        )

    async def require_still(self, security: Security, caller: Caller) -> None:
        """Look again at who was admitted before: for sessions and streams that go on for hours.

        Raises:
            BinanceError: the key was revoked meanwhile, or has not the scope.
        """
        if security is not Security.NONE:
            key = await self._find(caller.key, caller.address)
            self._require_scope(security, key, caller.address)

    async def _find(self, text: str, address: str) -> ApiKey:
        if not _KEY.fullmatch(text):
            raise error("KEY_FORMAT")
        try:
            key = await self._keys.find(text)
        except KeysAwayError:
            raise error("DISCONNECTED") from None
        if key is None:
            raise self._refusal(Refusal.UNKNOWN_KEY, text, "", address)
        return key

    def _require_signature(self, key: ApiKey, asked: Asked) -> None:
        signature = asked.sent.get("signature", "")
        if not signature:
            raise error("MANDATORY", name="signature")
        if not is_signed_by(key.secret, asked.payload, signature):
            raise self._refusal(Refusal.WRONG_SIGNATURE, key.key, key.account_id, asked.address)

    def _require_scope(self, security: Security, key: ApiKey, address: str) -> None:
        if security in _SCOPES and _SCOPES[security] not in key.scopes:
            raise self._refusal(Refusal.MISSING_SCOPE, key.key, key.account_id, address)

    async def _require_new(self, key: ApiKey, asked: Asked, until_ms: int) -> None:
        # Its signature is right, so that nobody can fill the memory with what he makes up.
        signature = asked.sent["signature"].lower()
        try:
            is_new = await self._seen.is_new(signature, until_ms)
        except TooManySignaturesError:
            raise error("OVERLOADED") from None
        if not is_new:
            raise self._refusal(Refusal.REPLAYED, key.key, key.account_id, asked.address)

    def _refusal(self, reason: Refusal, key: str, account_id: str, address: str) -> BinanceError:
        self._on_refusal(Refused.of(reason, key, account_id, address))
        return error(_ERRORS[reason])


def _require_window(sent: Mapping[str, str], at_ms: int) -> int:
    """A moment after which the request is too old by anybody's clock."""
    text = sent.get("timestamp", "")
    if not _DIGITS.fullmatch(text):
        raise error("MANDATORY", name="timestamp")
    window = sent.get("recvWindow", str(RECV_WINDOW_MS))
    if not window:
        raise error("EMPTY", name="recvWindow")
    if not _WINDOW.fullmatch(window):
        raise error("INVALID", name="recvWindow")
    window_ms = Decimal(window)
    if window_ms > RECV_WINDOW_MAX_MS:
        raise error("TOO_LARGE", name="recvWindow", most=RECV_WINDOW_MAX_MS)
    sent_ms = timestamp_ms(int(text))
    if sent_ms >= at_ms + AHEAD_MAX_MS:
        raise error("AHEAD_OF_TIME")
    if at_ms - sent_ms > window_ms:
        raise error("OUTSIDE_WINDOW")
    # Parts of a millisecond never matter to whole ones.
    return sent_ms + int(window_ms) + _CLOCKS_MS
