"""What the audit trail is told of keys; orders, trades and money tell of themselves.

Whatever a key is used for is on the topics that the trail reads anyway, with its actor in the
headers: every order, cancel and change of a symbol's status on ``orders.commands``, what came of
them on ``orders.executions`` and ``trades``, deposits and withdrawals on ``wallet.commands`` and
what came of those on ``wallet.events``.  Reads that succeed change nothing and are not told.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from uuid import uuid4

from schemas.audit_records import AuditEvent
from web.auth.api_key import SHOWN_CHARACTERS
from web.clock import now_ms


class AuthAction(StrEnum):
    """What was done, or tried."""

    KEY_CREATED = "API_KEY_CREATED"
    KEY_REVOKED = "API_KEY_REVOKED"
    KEY_REFUSED = "API_KEY_REFUSED"
    MASTER_KEY_ROTATED = "MASTER_KEY_ROTATED"


def audit_event(
    action: AuthAction,
    *,
    account_id: str,
    key: str,
    reason: str = "",
    address: str = "",
    session: str = "",
    about: Mapping[str, object],
) -> AuditEvent:
    """An event of now about a key; it failed where there is a ``reason``.

    The key's first characters name it here as they do in the actor of what it was used for.
    """
    return {
        "event_id": str(uuid4()),
        "user_id": account_id,
        "session_id": session,
        "ip": address,
        "action": action,
        "resource_type": "API_KEY" if key else "",
        "resource_id": key[:SHOWN_CHARACTERS],
        "outcome": "FAILURE" if reason else "SUCCESS",
        "reason": reason,
        "payload": json.dumps(about),
        "time_ms": now_ms(),
    }
