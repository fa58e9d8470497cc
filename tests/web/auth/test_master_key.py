"""The master key: made once, never shown, and changed while everything goes on."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from web.auth.caller import Scope
from web.auth.key_store import KeyStore
from web.auth.master_key import MasterKey, WrongMasterKeyError
from web.auth.settings import AuthSettings
from web.errors import ConfigError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


class _KilledError(Exception):
    """In place of the end of the process."""


@pytest.fixture
def store(settings: AuthSettings) -> Iterator[KeyStore]:
    opened = KeyStore(settings)
    opened.open()
    yield opened
    opened.close()


def _keys(settings: AuthSettings) -> list[str]:
    return settings.key_file.read_text().split()


def _secrets(settings: AuthSettings, keys: list[str]) -> list[str]:
    """As a gateway reads them that starts now."""
    fresh = KeyStore(settings)
    fresh.open()
    found = fresh.find(keys).keys
    fresh.close()
    return [found[key].secret for key in keys]


def test_of_many_that_make_it_at_once_all_have_the_same(tmp_path: Path) -> None:
    keys = [MasterKey(AuthSettings(state_dir=tmp_path / "state")) for _ in range(8)]
    with ThreadPoolExecutor(len(keys)) as threads:
        list(threads.map(MasterKey.load_or_make, keys))

    token = keys[0].encrypt("secret")
    assert [key.decrypt(token) for key in keys] == ["secret"] * len(keys)
    file = tmp_path / "state" / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_others_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = AuthSettings(state_dir=tmp_path)
    MasterKey(settings).load_or_make()
    assert "chmod 600" not in caplog.text
    settings.key_file.chmod(0o640)

    MasterKey(settings).load()

    assert f"chmod 600 {settings.key_file}" in caplog.text


@pytest.mark.parametrize(
    "text",
    ["", "abc", "é" * 44, "a" * 44, f"{OLD},abc"],
    ids=["empty", "short", "not ascii", "no key", "the second of two"],
)
def test_what_is_no_key_says_where_it_was_looked_for(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)

    with pytest.raises(ConfigError, match=f"{file} holds no master key") as refused:
        MasterKey(AuthSettings(master_key_file=file)).load()
    assert OLD not in str(refused.value)
    if text:
        with pytest.raises(ConfigError, match="TRADEFLOW_AUTH_MASTER_KEY holds no master key"):
            MasterKey(AuthSettings(master_key=SecretStr(text))).load()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="no master key can be written to"):
        MasterKey(AuthSettings(state_dir=tmp_path / "file" / "below")).load_or_make()


def test_a_rotation_changes_every_secret_and_forgets_the_old_key(
    store: KeyStore, settings: AuthSettings
) -> None:
    made = [store.create(f"a{number}", [Scope.READ]) for number in range(3)]
    store.revoke(made[2].key)
    (before,) = _keys(settings)

    assert store.rotate_master() == 3

    (after,) = _keys(settings)
    assert after != before
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    working = [key.key for key in made[:2]]
    assert _secrets(settings, working) == [key.secret for key in made[:2]]
    # Whoever has an old copy of the file reads nothing any more.
    with pytest.raises(ConfigError, match="is not the one"):
        KeyStore(settings.model_copy(update={"master_key": SecretStr(before)})).open()


def test_a_gateway_that_runs_reads_the_new_key(store: KeyStore, settings: AuthSettings) -> None:
    running = KeyStore(settings)
    running.open()
    made = store.create("alice", [Scope.READ])

    for _ in range(2):
        store.rotate_master()
        assert running.find([made.key]).keys[made.key].secret == made.secret
    # And what it makes itself can be read by others.
    later = running.create("bob", [Scope.READ])

    assert _secrets(settings, [later.key]) == [later.secret]
    running.close()


@pytest.mark.parametrize("killed_at", ["begin_rotation", "commit", "end_rotation"])
def test_a_rotation_that_is_killed_loses_nothing(
    store: KeyStore, settings: AuthSettings, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    made = store.create("alice", [Scope.READ])
    running = KeyStore(settings)
    running.open()

    def die(*_arguments: object, **_options: object) -> None:
        raise _KilledError

    with monkeypatch.context() as patched:
        if killed_at == "commit":
            # Behind all updates, before they count.
            patched.setattr("web.auth.key_store._audit", die)
        else:
            patched.setattr(MasterKey, killed_at, die)
        with pytest.raises(_KilledError):
            store.rotate_master()

    later = [KeyStore(settings), running]
    later[0].open()
    more = [each.create("alice", [Scope.READ]) for each in later]
    every = [made, *more]
    expected = [key.secret for key in every]
    assert _secrets(settings, [key.key for key in every]) == expected
    store.rotate_master()
    assert len(_keys(settings)) == 1
    assert _secrets(settings, [key.key for key in every]) == expected
    for each in later:
        each.close()


def test_keys_are_made_while_the_master_key_changes(
    store: KeyStore, settings: AuthSettings
) -> None:
    """A secret that is encrypted with a key which is being forgotten would be lost."""
    done, begun = Event(), Barrier(3)

    def make() -> list[tuple[str, str]]:
        own = KeyStore(settings)
        own.open()
        made = []
        begun.wait()
        while not (made and done.is_set()):
            key = own.create("alice", [Scope.READ])
            made.append((key.key, key.secret))
        own.close()
        return made

    with ThreadPoolExecutor(2) as threads:
        making = [threads.submit(make) for _ in range(2)]
        begun.wait()
        for _ in range(5):
            store.rotate_master()
        done.set()
        made = [each for one in making for each in one.result()]

    assert made
    assert _secrets(settings, [key for key, _ in made]) == [secret for _, secret in made]


def test_a_key_in_a_variable_is_changed_by_who_set_it(settings: AuthSettings) -> None:
    def with_keys(*keys: str) -> KeyStore:
        store = KeyStore(settings.model_copy(update={"master_key": SecretStr(",".join(keys))}))
        store.open()
        return store

    first = with_keys(OLD)
    made = first.create("alice", [Scope.READ])
    with pytest.raises(ConfigError, match="holds one key") as refused:
        first.rotate_master()
    assert "openssl rand" in refused.value.action

    both = with_keys(NEW, OLD)
    early = both.create("bob", [Scope.READ])
    assert first.find([early.key]).keys[early.key].secret == early.secret
    assert both.rotate_master() == 2

    last = with_keys(NEW)
    assert last.find([made.key]).keys[made.key].secret == made.secret
    assert not settings.key_file.exists()
    with pytest.raises(ConfigError, match="is not the one"):
        first.create("carol", [Scope.READ])
    assert first.find([made.key]).unreadable == {made.key}
    for store in (first, both, last):
        store.close()


def test_what_was_changed_by_a_byte_is_not_decrypted() -> None:
    master = MasterKey(AuthSettings(master_key=SecretStr(OLD)))
    master.load()
    token = master.encrypt("secret")

    for at in (10, 30, len(token) - 5):
        digit = "A" if token[at] != "A" else "B"
        with pytest.raises(WrongMasterKeyError):
            master.decrypt(token[:at] + digit + token[at + 1 :])
