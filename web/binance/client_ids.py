"""Client order ids for who gives none."""

import secrets
import string

_CHARACTERS = string.ascii_letters + string.digits
_LENGTH = 22


def new_client_order_id() -> str:
    """22 letters and digits, as Binance makes them: none is ever met twice.

    A digit comes first: clients know their own orders by the letter that their ids begin with.
    """
    rest = (secrets.choice(_CHARACTERS) for _ in range(_LENGTH - 1))
    return secrets.choice(string.digits) + "".join(rest)
