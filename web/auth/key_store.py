"""API keys in the gateway's database, their secrets encrypted."""

import logging
import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from web.auth import outbox
from web.auth.api_key import ApiKey
from web.auth.audit_events import AuthAction, audit_event
from web.auth.caller import Scope
from web.auth.database import Database
from web.auth.master_key import MasterKey, WrongMasterKeyError
from web.auth.settings import AuthSettings
from web.auth.tables import API_KEYS, MASTER_KEY
from web.clock import now_ms
from web.errors import ConfigError

log = logging.getLogger(__name__)

KEY_LENGTH = 64
LABEL_LENGTH_MAX = 100
_CHARACTERS = string.ascii_letters + string.digits
_PROOF = "tradeflow"


@dataclass(frozen=True, slots=True)
class Found:
    """Keys that were looked for."""

    keys: Mapping[str, ApiKey]
    """Those that work, by their texts."""
    unreadable: frozenset[str]
    """Those that are there, and whose secrets cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as it is shown: without its secret, which nobody is shown again."""

    key: str
    account_id: str
    label: str
    scopes: frozenset[Scope]
    created_ms: int
    revoked_ms: int | None
    """None: it works."""


class KeyStore:
    """Makes, finds and revokes keys.  Every method may wait for the database: not for the loop.

    Each raises DatabaseAwayError; ``open`` comes first.
    """

    def __init__(self, settings: AuthSettings) -> None:
        """Ask nobody yet.

        Raises:
            ConfigError: no such database can be.
        """
        self.database = Database(settings)
        self._master = MasterKey(settings)

    @property
    def master_place(self) -> tuple[str, bool]:
        """Where the master key is, and whether it is a file, which is written here."""
        return self._master.place, self._master.is_file

    def open(self) -> None:
        """Bring the database up to date, and see that the master key fits it.

        Raises:
            ConfigError: it does not; it says what to do.
        """
        with self.database.migrated() as connection:
            proof = _proof(connection)
            if proof is None:
                self._master.load_or_make()
                sealed = self._master.encrypt(_PROOF)
                connection.execute(insert(MASTER_KEY).values(id=1, sealed_proof=sealed))
                return
        # To make a key now would hide that the true one is missing.
        self._master.load()
        try:
            self._master.decrypt(proof)
        except WrongMasterKeyError:
            raise self._does_not_fit() from None

    def close(self) -> None:
        """Give the connections up."""
        self.database.close()

    def create(
        self, account_id: str, scopes: Iterable[Scope], *, label: str = "", by: str = ""
    ) -> ApiKey:
        """A new key; its secret is told here and never again.

        Raises:
            ConfigError: the master key does not fit any more.
        """
        made = ApiKey(
            key=_random_text(),
            secret=_random_text(),
            account_id=account_id,
            scopes=frozenset(scopes),
        )
        with self.database.writing() as connection:
            names = " ".join(scope for scope in Scope if scope in made.scopes)
            row = {
                "api_key": made.key,
                "account_id": account_id,
                "label": label,
                "scopes": names,
                "sealed_secret": self._seal(connection, made.key, made.secret),
                "created_ms": now_ms(),
            }
            connection.execute(insert(API_KEYS).values(row))
            about = {"scopes": names, "label": label, "by": by}
            _audit(connection, AuthAction.KEY_CREATED, account_id, made.key, about)
        return made

    def listed(self, account_id: str = "", *, with_revoked: bool = False) -> list[KeyRow]:
        """The keys of an account, or of all, the oldest first."""
        asked = select(API_KEYS).order_by(API_KEYS.c.created_ms, API_KEYS.c.api_key)
        if account_id:
            asked = asked.where(API_KEYS.c.account_id == account_id)
        if not with_revoked:
            asked = asked.where(API_KEYS.c.revoked_ms.is_(None))
        with self.database.reading() as connection:
            return [_shown(row) for row in connection.execute(asked)]

    def beginning_with(self, beginning: str) -> list[KeyRow]:
        """The keys that begin so, at most two: revoked ones as well."""
        asked = (
            select(API_KEYS)
            .where(API_KEYS.c.api_key.startswith(beginning, autoescape=True))
            .limit(2)
        )
        with self.database.reading() as connection:
            # SQLite's LIKE takes «a» for «A».
            rows = [_shown(row) for row in connection.execute(asked)]
        return [row for row in rows if row.key.startswith(beginning)]

    def revoke(self, key: str, *, by: str = "") -> bool:
        """Let a key work no more; False: there is none, or it was revoked before."""
        is_it = (API_KEYS.c.api_key == key) & API_KEYS.c.revoked_ms.is_(None)
        with self.database.writing() as connection:
            account_id = connection.scalar(select(API_KEYS.c.account_id).where(is_it))
            if account_id is None:
                return False
            done = connection.execute(update(API_KEYS).where(is_it).values(revoked_ms=now_ms()))
            if not done.rowcount:
                return False
            _audit(connection, AuthAction.KEY_REVOKED, account_id, key, {"by": by})
            return True

    def find(self, keys: Sequence[str]) -> Found:
        """Those of these keys that work."""
        is_asked = API_KEYS.c.api_key.in_(keys) & API_KEYS.c.revoked_ms.is_(None)
        with self.database.reading() as connection:
            rows = connection.execute(select(API_KEYS).where(is_asked)).all()
        found: dict[str, ApiKey] = {}
        unreadable = set()
        for row in rows:
            try:
                found[row.api_key] = self._opened(row)
            except ConfigError as error:
                log.error("%s; %s", error, error.action)
                unreadable.add(row.api_key)
        return Found(found, frozenset(unreadable))

    def rotate_master(self, *, by: str = "") -> int:
        """Encrypt all secrets with a new master key; how many.

        Whenever it is interrupted, the keys that are there read everything.

        Raises:
            ConfigError: there can be no new one; it says what to do.
        """
        with self.database.writing() as connection:
            _proof(connection)
            self._master.begin_rotation()
            rows = connection.execute(select(API_KEYS).with_for_update()).all()
            for row in rows:
                sealed = self._master.encrypt(self._text(row.sealed_secret))
                is_it = API_KEYS.c.api_key == row.api_key
                connection.execute(update(API_KEYS).where(is_it).values(sealed_secret=sealed))
            proof = self._master.encrypt(_PROOF)
            connection.execute(update(MASTER_KEY).values(sealed_proof=proof))
            _audit(connection, AuthAction.MASTER_KEY_ROTATED, "", "", {"by": by})
        self._master.end_rotation()
        return len(rows)

    # ----------------------------------------------------------------------------------------------

    def _seal(self, connection: Connection, key: str, secret: str) -> str:
        # With the key's text inside, a secret that is put to another key's row is seen.
        text = f"{key}:{secret}"
        proof = _proof(connection) or ""
        try:
            return self._master.encrypt(text, like=proof)
        except WrongMasterKeyError:
            self._master.load()
        try:
            return self._master.encrypt(text, like=proof)
        except WrongMasterKeyError:
            raise self._does_not_fit() from None

    def _opened(self, row: Row[tuple[object, ...]]) -> ApiKey:
        key, _, secret = self._text(row.sealed_secret).partition(":")
        if key != row.api_key:
            raise ConfigError(
                f"the secret of {row.api_key} in {self.database.address} is another key's",
                action="find out who wrote it there, and revoke the key",
            )
        return ApiKey(
            key=key,
            secret=secret,
            account_id=row.account_id,
            scopes=_shown(row).scopes,
        )

    def _text(self, sealed: str) -> str:
        try:
            return self._master.decrypt(sealed)
        except WrongMasterKeyError:
            # It may have been changed since it was read.
            self._master.load()
        try:
            return self._master.decrypt(sealed)
        except WrongMasterKeyError:
            raise self._does_not_fit() from None

    def _does_not_fit(self) -> ConfigError:
        return ConfigError(
            f"the master key in {self._master.place} is not the one that the secrets in"
            f" {self.database.address} were encrypted with",
            action="put that one back; without it, make a new database, and new keys",
        )


def _proof(connection: Connection) -> str | None:
    """The one row, locked until the transaction ends: who changes keys does so alone."""
    asked = select(MASTER_KEY.c.sealed_proof).where(MASTER_KEY.c.id == 1).with_for_update()
    proof: str | None = connection.scalar(asked)
    return proof


def _audit(
    connection: Connection, action: AuthAction, account_id: str, key: str, about: Mapping[str, str]
) -> None:
    event = audit_event(action, account_id=account_id, key=key, session="cli", about=about)
    outbox.add(connection, event)


def _random_text() -> str:
    return "".join(secrets.choice(_CHARACTERS) for _ in range(KEY_LENGTH))


def _shown(row: Row[tuple[object, ...]]) -> KeyRow:
    return KeyRow(
        key=row.api_key,
        account_id=row.account_id,
        label=row.label,
        # A newer version may know more of them.
        scopes=frozenset(scope for scope in Scope if scope in row.scopes.split()),
        created_ms=row.created_ms,
        revoked_ms=row.revoked_ms,
    )
