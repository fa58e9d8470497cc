"""The shape of what only the audit trail tells; ``schemas.records`` has the rest."""

from typing import TypedDict

from schemas.enums import AuditOutcome


class AuditEvent(TypedDict):
    """Something that somebody did, or tried to do, that no other record tells: audit, by user.

    ``payload`` is JSON text, amounts in it are strings.
    """

    event_id: str
    user_id: str
    session_id: str
    ip: str
    action: str
    resource_type: str
    resource_id: str
    outcome: AuditOutcome
    reason: str
    payload: str
    time_ms: int
