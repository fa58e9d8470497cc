"""How much a request must prove."""

from enum import Enum


class Security(Enum):
    """Who may call; https://developers.binance.com/docs/binance-spot-api-docs/rest-api/."""

    NONE = "none"
    USER_STREAM = "a key, without a signature"
    LOGON = "a signature, whatever the scopes"
    USER_DATA = "a signature, and the scope to read"
    TRADE = "a signature, and the scope to trade"
    WITHDRAW = "a signature, and the scope to withdraw"
    OPERATOR = "a signature, and the scope of operators"

    @property
    def is_signed(self) -> bool:
        """Whether a timestamp and a signature are asked for."""
        return self not in (Security.NONE, Security.USER_STREAM)

    @property
    def changes_state(self) -> bool:
        """Whether something is different afterwards."""
        return self in (Security.TRADE, Security.WITHDRAW, Security.OPERATOR)

    @property
    def comes_once(self) -> bool:
        """Whether the very same request may come but once.

        So may a logon: whoever could send it again would need no signature from then on.
        """
        return self.changes_state or self is Security.LOGON
