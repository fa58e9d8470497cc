"""Running a worker: signals in, an exit code out."""

import asyncio
import faulthandler
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from streams.transport.errors import BrokerError, ExitCode, TransportError

if TYPE_CHECKING:
    from streams.transport.app import App

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""A clean stop takes no longer; what is not done by then is left to the broker's time-outs."""

HANG_SECONDS = 30.0
"""The event loop comes round many times a second; a worker whose loop stands still for so long, or
for three times a transaction, hangs in a call that will not return."""


def run(make_app: "type[App] | object") -> int:
    """Run the app that ``make_app()`` gives until SIGTERM, SIGINT or a fault.

    Returns:
        ``ExitCode.CLEAN``, for the caller to pass to ``sys.exit``.  After a failure the process
        ends here, with the failure's code; one that hangs ends with 1 and says where it was.
    """
    return asyncio.run(_run(make_app))


async def _run(make_app: object) -> int:
    assert callable(make_app)
    app: App = make_app()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    transaction_seconds = app.transport_settings.transaction_timeout_ms / 1_000
    alive = asyncio.ensure_future(_stay_alive(max(HANG_SECONDS, 3 * transaction_seconds)))
    starting = asyncio.ensure_future(app.start())
    waits = {
        starting,
        asyncio.ensure_future(stop.wait()),
        asyncio.ensure_future(app.ended.wait()),
        asyncio.ensure_future(app._crashed.wait()),
    }
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and starting.exception() is None:
            waits.discard(starting)
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        elif starting.done():
            app.failure = starting.exception()
        if app.failure is None and app._crashed.is_set():
            app.failure = app.crash_reason
        if app.failure is None:
            log.info("stopping")
        await _stop(app)
    finally:
        for wait in (*waits, alive):
            wait.cancel()
    code = _report(app.failure)
    if app.failure is not None:
        # A call into the broker may still block a thread, or a client that did not close may
        # hold the process up at its end.  To end it now is as safe as any crash.
        logging.shutdown()
        os._exit(code)
    return code


async def _stay_alive(seconds: float) -> None:
    """Put off, again and again, the watchdog that ends a process which hangs.

    It needs neither this loop nor Python's lock, which a call into C may hold for good.  It is left
    to run at the end: a thread that does not return would hold that up too.
    """
    while True:
        faulthandler.dump_traceback_later(seconds, exit=True)
        await asyncio.sleep(seconds / 10)


async def _stop(app: "App") -> None:
    """Stop; what goes wrong in it is the failure, unless there was one before."""
    try:
        await asyncio.wait_for(app.stop(), STOP_SECONDS - 0.5)
    except TimeoutError:
        log.warning("not everything stopped within %.1f s", STOP_SECONDS)
        app.failure = app.failure or BrokerError(
            "the round in progress did not end in time; it was given up"
        )
    except Exception as exc:
        log.exception("while stopping")
        app.failure = app.failure or exc


def _report(failure: BaseException | None) -> int:
    """Log how the worker ended, in one line that says what an operator does; give the code."""
    if failure is None:
        log.info("stopped cleanly")
        return ExitCode.CLEAN
    if isinstance(failure, TransportError):
        code, action = failure.exit_code, failure.action
    else:
        log.error("unexpected error", exc_info=failure)
        code, action = ExitCode.FAULT, TransportError.action
    log.critical(
        "worker ends with code %d (%s): %s. What to do: %s.", code, code.name, failure, action
    )
    sys.stderr.flush()
    return code
