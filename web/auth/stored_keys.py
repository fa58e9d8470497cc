"""The keys of the database, as the gateway looks for them: from memory, and never waiting long."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from web.auth.api_key import ApiKey, KeysAwayError
from web.auth.database import DatabaseAwayError
from web.auth.key_store import Found, KeyStore
from web.auth.settings import AuthSettings
from web.errors import ConfigError

log = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH = 500
_ASKED_MAX = 5_000
"""So many keys that nobody knows are looked for at a time; further ones are refused at once."""


@dataclass(slots=True)
class _Known:
    key: ApiKey
    at: float


class StoredKeys:
    """A key ring over a key store; for the event loop.

    A key is read again when it was read more than ``fresh_seconds`` ago.  All keys that are wanted
    while a question is on its way are asked for with the next one: however many requests there are,
    the database has one question at a time.  While it is away, keys that are known go on, others
    cannot be looked for, and nobody waits.
    """

    def __init__(self, settings: AuthSettings, store: KeyStore) -> None:
        self._settings = settings
        self._store = store
        self._is_open = False
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asked: dict[str, asyncio.Future[ApiKey | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._waiting_for_it: asyncio.Task[None] | None = None
        self._said = ""
        # One thread: it may hang for as long as the driver waits, and nobody else's work with it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keys")

    @property
    def is_away(self) -> bool:
        """Whether the database is away."""
        return self._waiting_for_it is not None

    async def open(self) -> None:
        """Open the store; one that is away is waited for in the background.

        Raises:
            ConfigError: it cannot be used; it says what to do.
        """
        try:
            await self._call(self._open)
        except DatabaseAwayError as error:
            self._note_away(str(error))

    async def close(self) -> None:
        """Ask no more."""
        for task in (self._asking, self._waiting_for_it):
            if task is not None:
                task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def find(self, key: str) -> ApiKey | None:
        """As ``KeyRing`` has it."""
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            if time.monotonic() - known.at < self._settings.fresh_seconds:
                return known.key
        try:
            return await self._ask(key, is_known=known is not None)
        except KeysAwayError:
            if known is None:
                raise
            return known.key

    # ----------------------------------------------------------------------------------------------

    async def _ask(self, key: str, *, is_known: bool) -> ApiKey | None:
        if self.is_away:
            raise KeysAwayError
        answer = self._asked.get(key)
        if answer is None:
            if not is_known and len(self._asked) >= _ASKED_MAX:
                raise KeysAwayError
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
            # Who asked may be gone by the time of an error.
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._asking is None:
            self._asking = asyncio.create_task(self._answer_all())
        # Whoever gives up must not take the answer from the others.
        return await asyncio.shield(answer)

    async def _answer_all(self) -> None:
        try:
            while self._asked:
                keys = list(islice(self._asked, _BATCH))
                at = time.monotonic()
                found = await self._call(partial(self._store.find, keys))
                for key in keys:
                    self._answer(key, found, at)
        except DatabaseAwayError as error:
            self._note_away(str(error))
        finally:
            self._asking = None
            for answer in self._asked.values():
                answer.set_exception(KeysAwayError())
            self._asked.clear()

    def _answer(self, key: str, found: Found, at: float) -> None:
        answer = self._asked.pop(key)
        if key in found.unreadable:
            answer.set_exception(KeysAwayError())
            return
        read = found.keys.get(key)
        if read is None:
            # That there is no such key is not remembered: it may be made the next moment.
            self._known.pop(key, None)
        else:
            self._known[key] = _Known(read, at)
            self._known.move_to_end(key)
            while len(self._known) > self._settings.kept_keys:
                self._known.popitem(last=False)
        answer.set_result(read)

    def _open(self) -> None:
        self._store.open()
        self._is_open = True

    async def _call(self, ask: Callable[[], T]) -> T:
        """What the store says; raises DatabaseAwayError when it takes too long."""
        seconds = self._settings.answer_seconds if self._is_open else None
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._thread, ask), seconds)
        except TimeoutError:
            raise DatabaseAwayError(
                f"{self._store.database.address} did not answer within {seconds:g} s"
            ) from None

    def _note_away(self, why: str) -> None:
        if self._waiting_for_it is None:
            log.error("%s. Keys that are known go on; others cannot be looked for", why)
            self._waiting_for_it = asyncio.create_task(self._wait_for_it())

    async def _wait_for_it(self) -> None:
        since = time.monotonic()
        while not await self._is_back():
            await asyncio.sleep(self._settings.retry_seconds)
        log.info("the database of keys is back after %.1f s", time.monotonic() - since)
        self._waiting_for_it = None

    async def _is_back(self) -> bool:
        loop = asyncio.get_running_loop()
        ask: Callable[[], object] = partial(self._store.find, [""]) if self._is_open else self._open
        try:
            # Without a limit of time: the thread is busy until the driver gives up anyway.
            await loop.run_in_executor(self._thread, ask)
        except DatabaseAwayError:
            return False
        except ConfigError as error:
            # One line for each reason, not one for each try.
            if self._said != str(error):
                log.critical("%s; %s", error, error.action)
                self._said = str(error)
            return False
        return True
