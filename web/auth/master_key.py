"""The master key: encrypts secrets, so that a copy of the database alone opens no account."""

import logging
import os
import re
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from web.auth.settings import AuthSettings
from web.errors import ConfigError

log = logging.getLogger(__name__)

_OTHERS = 0o077
_BETWEEN = re.compile(r"[,\s]+")


class WrongMasterKeyError(Exception):
    """What was encrypted with another key cannot be read."""


class MasterKey:
    """One key or several, of which every one decrypts; ``load`` or ``load_or_make`` come first.

    What encrypts is the key that has encrypted what is there already: while keys are changed,
    processes have others in memory than in the file, and nothing may be encrypted with a key that
    somebody is about to forget.
    """

    def __init__(self, settings: AuthSettings) -> None:
        self._given = settings.master_key.get_secret_value()
        self._file = settings.key_file
        self._keys: list[str] = []

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return "TRADEFLOW_AUTH_MASTER_KEY" if self._given else str(self._file)

    @property
    def is_file(self) -> bool:
        """Whether it is in a file, which is written here; else in a variable."""
        return not self._given

    def load(self) -> None:
        """Read the key (again).

        Raises:
            ConfigError: there is none, or it is none.
        """
        text = self._given or self._read()
        keys = [each for each in _BETWEEN.split(text) if each]
        try:
            for key in keys:
                Fernet(key)
        except ValueError:
            # Of what was given nothing is shown: it may be a key with a slip in it.
            keys = []
        if not keys:
            raise ConfigError(
                f"{self.place} holds no master key: that is 32 bytes in URL-safe base64, with a"
                " = at the end",
                action="put back the key that the secrets were encrypted with",
            )
        self._keys = keys

    def load_or_make(self) -> None:
        """Read the key; where there is no file yet, make one that only its owner may read."""
        if not self._given and not self._file.exists():
            self._make()
        self.load()

    def encrypt(self, text: str, like: str = "") -> str:
        """With the key of the token ``like``; "": with the first one.

        Raises:
            WrongMasterKeyError: the token's key is not here.
        """
        for key in self._keys:
            if not like or _fits(key, like):
                return Fernet(key).encrypt(text.encode()).decode()
        raise WrongMasterKeyError

    def decrypt(self, token: str) -> str:
        """With whichever key fits.

        Raises:
            WrongMasterKeyError: none does.
        """
        try:
            return MultiFernet([Fernet(key) for key in self._keys]).decrypt(token).decode()
        except (InvalidToken, UnicodeDecodeError):
            raise WrongMasterKeyError from None

    def begin_rotation(self) -> None:
        """Put a new key before the others; those in a file are written at once.

        Raises:
            ConfigError: they are in a variable, and only one is.
        """
        self.load()
        if not self._given:
            self._keys.insert(0, Fernet.generate_key().decode())
            self._write(self._keys)
        elif len(self._keys) == 1:
            raise ConfigError(
                "TRADEFLOW_AUTH_MASTER_KEY holds one key, and only you can put a new one there",
                action="put the new key before it, with a comma between (new,old), for all"
                " gateways as well; then rotate again. A new one: openssl rand -base64 32 | tr"
                " '+/' '-_'",
            )

    def end_rotation(self) -> None:
        """Forget all keys but the first one; nothing is encrypted with them any more."""
        if not self._given:
            del self._keys[1:]
            self._write(self._keys)

    # ----------------------------------------------------------------------------------------------

    def _read(self) -> str:
        try:
            if self._file.stat().st_mode & _OTHERS:
                log.warning("others may read the master key: chmod 600 %s", self._file)
            return self._file.read_text(encoding="ascii")
        except FileNotFoundError:
            raise ConfigError(
                f"there is no master key in {self._file}",
                action="put the file back, or set TRADEFLOW_AUTH_MASTER_KEY_FILE to where it is",
            ) from None
        except OSError as error:
            raise ConfigError(
                f"the master key in {self._file} cannot be read: {error.strerror}",
                action="let this user read it",
            ) from error
        except UnicodeDecodeError:
            return ""

    def _make(self) -> None:
        """Whole or not at all: of several processes that start at once, one makes it."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            made = self._written([Fernet.generate_key().decode()])
            try:
                os.link(made, self._file)
                log.info("made a master key: %s. Keep a copy of it", self._file)
            except FileExistsError:
                pass
            finally:
                made.unlink()
        except OSError as error:
            raise ConfigError(
                f"no master key can be written to {self._file}: {error.strerror}",
                action="set TRADEFLOW_AUTH_STATE_DIR to a folder that can be written to",
            ) from error

    def _write(self, keys: list[str]) -> None:
        try:
            self._written(keys).rename(self._file)
        except OSError as error:
            raise ConfigError(
                f"the master key cannot be written to {self._file}: {error.strerror}",
                action="let this user write to its folder",
            ) from error

    def _written(self, keys: list[str]) -> Path:
        """A file beside the true one with these keys, on the disk, for its owner alone."""
        number, name = tempfile.mkstemp(prefix=f"{self._file.name}.", dir=self._file.parent)
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return Path(name)


def _fits(key: str, token: str) -> bool:
    try:
        Fernet(key).decrypt(token)
    except InvalidToken:
        return False
    return True
