"""Lets requests in: key, time, signature, scope, in this order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from web.auth.api_key import ApiKey, KeyRing
from web.auth.caller import Caller, Scope
from web.auth.security import Security
from web.auth.signing import (
    AHEAD_MAX_MS,
    RECV_WINDOW_MAX_MS,
    RECV_WINDOW_MS,
    is_signed_by,
    timestamp_ms,
)
from web.binance.errors import error
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself."""

    key: str
    """The API key; "" where none came."""
    payload: bytes
    """What its signature is of."""
    sent: Mapping[str, str]
    """All its parameters."""
    address: str
    is_logged_on: bool = False
    """Whether this connection has proved to have the key: then no signature is asked for."""


class Door:
    """Checks who asks."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def admit(self, security: Security, asked: Asked) -> Caller | None:
        """Who calls; None where nobody needs to say.

        Raises:
            BinanceError: the request is not to be carried out.
        """
        if security is Security.NONE:
            return None
        key = await self._find(asked.key)
        if security.is_signed:
            _require_window(asked.sent, now_ms())
            if not asked.is_logged_on:
                self._require_signature(key, asked)
        _require_scope(security, key)
        return Caller(
            account_id=key.account_id, key=key.key, scopes=key.scopes, address=asked.address
        )

    async def require_still(self, security: Security, caller: Caller) -> None:
        """Look again at who was admitted before: for sessions and streams that go on for hours.

        Raises:
            BinanceError: the key was revoked meanwhile, or has not the scope.
        """
        if security is not Security.NONE:
            _require_scope(security, await self._find(caller.key))

    async def _find(self, text: str) -> ApiKey:
        if not _KEY.fullmatch(text):
            raise error("KEY_FORMAT")
        key = await self._keys.find(text)
        if key is None:
            raise error("KEY")
        return key

    def _require_signature(self, key: ApiKey, asked: Asked) -> None:
        signature = asked.sent.get("signature", "")
        if not signature:
            raise error("MANDATORY", name="signature")
        if not is_signed_by(key.secret, asked.payload, signature):
            raise error("SIGNATURE")


def _require_scope(security: Security, key: ApiKey) -> None:
    if security in _SCOPES and _SCOPES[security] not in key.scopes:
        raise error("KEY")


def _require_window(sent: Mapping[str, str], at_ms: int) -> None:
    text = sent.get("timestamp", "")
    if not _DIGITS.fullmatch(text):
        raise error("MANDATORY", name="timestamp")
    window = sent.get("recvWindow", str(RECV_WINDOW_MS))
    if not _WINDOW.fullmatch(window):
        raise error("INVALID", name="recvWindow")
    window_ms = float(window)
    if window_ms > RECV_WINDOW_MAX_MS:
        raise error("TOO_LARGE", name="recvWindow", most=RECV_WINDOW_MAX_MS)
    sent_ms = timestamp_ms(int(text))
    if sent_ms >= at_ms + AHEAD_MAX_MS:
        raise error("AHEAD_OF_TIME")
    if at_ms - sent_ms > window_ms:
        raise error("OUTSIDE_WINDOW")
