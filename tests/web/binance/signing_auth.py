"""Signs whatever a request of ``requests`` says, as clients do."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from web.auth.api_key import ApiKey
from web.auth.signing import sign
from web.clock import now_ms

_SIGNING = ("timestamp", "recvWindow", "signature")


class SigningAuth(AuthBase):
    """The key's header; and for signed requests a timestamp and a signature that are right."""

    def __init__(self, key: ApiKey, *, is_signed: bool) -> None:
        self._key = key
        self._is_signed = is_signed

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add them to a request that is about to be sent."""
        request.headers["X-MBX-APIKEY"] = self._key.key
        if self._is_signed:
            parts: Any = urlsplit(str(request.url))
            asked = parse_qsl(parts.query, keep_blank_values=True)
            said = [each for each in asked if each[0] not in _SIGNING]
            query = urlencode([*said, ("timestamp", str(now_ms()))])
            body = request.body or b""
            payload = query.encode() + (body.encode() if isinstance(body, str) else body)
            signature = sign(self._key.secret, payload)
            parts = parts._replace(query=f"{query}&signature={signature}")
            request.url = urlunsplit(parts)
        return request
