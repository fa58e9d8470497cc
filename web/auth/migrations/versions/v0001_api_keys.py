"""API keys, the master key that fits them, and what the audit trail is still to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Texts compare byte by byte: «a» and «A» are two keys.
_TEXTS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    """Make what is missing."""
    op.create_table(
        "api_keys",
        sa.Column("api_key", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("scopes", sa.String(100), nullable=False),
        sa.Column("sealed_secret", sa.String(500), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_ms", sa.BigInteger, nullable=True),
        if_not_exists=True,
        **_TEXTS,
    )
    op.create_table(
        "master_key",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed_proof", sa.String(500), nullable=False),
        if_not_exists=True,
        **_TEXTS,
    )
    op.create_table(
        "outbox_events",
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("claim", sa.String(64), nullable=False),
        sa.Column("claimed_until_ms", sa.BigInteger, nullable=False),
        if_not_exists=True,
        **_TEXTS,
    )
