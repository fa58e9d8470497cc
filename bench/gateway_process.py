"""A gateway without keys in a process of its own: `python -m bench.gateway_process`."""

import asyncio
import signal

import uvloop

from web.auth.api_key import ApiKey
from web.server import serve
from web.settings import GatewaySettings

READY = "gateway at "


class NoKeys:
    """A ring with no key on it: market data needs none."""

    is_away = False

    async def find(self, key: str) -> ApiKey | None:
        """None, whatever is looked for."""
        return None


async def _serve() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await serve(
        GatewaySettings(port=0),
        NoKeys(),
        stop=stop,
        on_ready=lambda url: print(f"{READY}{url.removeprefix('http://')}", flush=True),
    )


if __name__ == "__main__":
    uvloop.run(_serve())
