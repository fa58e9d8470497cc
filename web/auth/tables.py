"""The database's tables as they are after all migrations.

========================  ======================================================================
``api_keys``              every key there ever was; a revoked one has the time of that
``master_key``            one row: a proof that can be read with the master key that fits
``outbox_events``         what the audit trail is still to be told, written with what it is about
========================  ======================================================================

Clients, their passwords and second factors will have tables of their own beside these.
"""

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

METADATA = MetaData()

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("api_key", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("label", String(100), nullable=False),
    # Names with spaces between.
    Column("scopes", String(100), nullable=False),
    Column("sealed_secret", String(500), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger, nullable=True),
)

MASTER_KEY = Table(
    "master_key",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed_proof", String(500), nullable=False),
)

OUTBOX_EVENTS = Table(
    "outbox_events",
    METADATA,
    Column("event_id", String(64), primary_key=True),
    # An AuditEvent as JSON.
    Column("event", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    # Who is telling it now, and until when nobody else does.
    Column("claim", String(64), nullable=False),
    Column("claimed_until_ms", BigInteger, nullable=False),
)
