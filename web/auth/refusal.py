"""Requests that were turned away at the door for who sent them."""

from dataclasses import dataclass
from enum import StrEnum

from web.auth.api_key import SHOWN_CHARACTERS


class Refusal(StrEnum):
    """Why; these are what somebody who has no right to would try.

    A key that is no key at all, a parameter that is missing, and a clock that is wrong are not
    among them: clients send them by mistake, and they open no door.
    """

    UNKNOWN_KEY = "UNKNOWN_KEY"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    MISSING_SCOPE = "MISSING_SCOPE"
    REPLAYED = "REPLAYED"


@dataclass(frozen=True, slots=True)
class Refused:
    """Who was turned away, and why; equal ones are told of together."""

    reason: Refusal
    key: str
    """The first characters of the API key, for people."""
    account_id: str
    """The key's account; "" where there is no such key."""
    address: str

    @classmethod
    def of(cls, reason: Refusal, key: str, account_id: str, address: str) -> "Refused":
        """Of a whole key, which need not be one of ours."""
        return cls(reason, key[:SHOWN_CHARACTERS], account_id, address[:_ADDRESS_LENGTH_MAX])


_ADDRESS_LENGTH_MAX = 64
