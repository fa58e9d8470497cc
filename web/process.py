"""The gateway as a process: signals, exit code."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

import uvloop
from confluent_kafka import KafkaException

from schemas.instruments import InstrumentError
from web.auth import outbox
from web.auth.database import Database, DatabaseAwayError
from web.auth.key_store import KeyStore
from web.auth.settings import AuthSettings
from web.auth.stored_keys import StoredKeys
from web.errors import ExitCode, GatewayError
from web.server import serve
from web.settings import GatewaySettings

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TELL_SECONDS = 5.0


def run(
    settings: GatewaySettings,
    auth: AuthSettings,
    on_ready: Callable[[str], None] = lambda url: None,
) -> ExitCode:
    """Serve until SIGTERM or SIGINT; for the main thread.  ``on_ready`` is told the URL.

    A second signal ends the process at once.
    """
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, auth, on_ready))
    except GatewayError as error:
        log.error("%s; %s", error, error.action)
        return error.exit_code
    except InstrumentError as error:
        log.error("%s", error)
        return ExitCode.CONFIG
    except KafkaException as error:
        log.error("the broker at %s: %s", settings.broker, error)
        return ExitCode.BROKER
    except Exception:
        log.exception("a fault of the gateway")
        return ExitCode.FAULT
    log.info("stopped")
    return ExitCode.CLEAN


async def _serve(
    settings: GatewaySettings, auth: AuthSettings, on_ready: Callable[[str], None]
) -> None:
    stop = _stopped_by_signals()
    store = KeyStore(auth)
    keys = StoredKeys(auth, store)
    log.info("keys are in %s", store.database.address)
    telling: asyncio.Task[None] | None = None
    try:
        await keys.open()
        telling = asyncio.create_task(_keep_telling(store.database, settings))
        await _serve_with(settings, keys, stop, on_ready)
    finally:
        if telling is not None:
            telling.cancel()
        await keys.close()
        store.close()


async def _serve_with(
    settings: GatewaySettings,
    keys: StoredKeys,
    stop: asyncio.Event,
    on_ready: Callable[[str], None],
) -> None:
    is_ready = asyncio.Event()

    def note(url: str) -> None:
        is_ready.set()
        log.info("ready: %s", url)
        on_ready(url)

    serving = asyncio.create_task(serve(settings, keys, stop=stop, on_ready=note))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if is_ready.is_set() or serving.done():
        await serving
        return
    # It is still reading the log: nobody waits for an answer.
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _keep_telling(database: Database, settings: GatewaySettings) -> None:
    """Tell the audit trail what was done to keys while no broker was there."""
    while True:
        try:
            client = settings.client("tradeflow-gateway-outbox")
            await asyncio.to_thread(outbox.tell, database, client)
        except DatabaseAwayError:
            # Whoever looks for keys says so.
            pass
        except Exception:
            log.exception("the audit trail could not be told of what was done to keys")
        await asyncio.sleep(_TELL_SECONDS)


def _stopped_by_signals() -> asyncio.Event:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        stop.set()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    return stop
