"""A gateway that knows every account, as a process: `python -m bench.gateway_process`."""

import asyncio
import signal

import uvloop

from web.auth.api_key import ApiKey
from web.auth.caller import Scope
from web.server import serve
from web.settings import GatewaySettings

READY = "gateway at "
SECRET = "everybody's"


def key_of(account_id: str) -> str:
    """The account's key."""
    return account_id.encode().hex().ljust(64, "z")


class AccountKeys:
    """A ring on which each account has one key, made of its id, all with the same secret."""

    is_away = False

    async def find(self, key: str) -> ApiKey | None:
        """The key of the account of that id, whether or not there is one."""
        account_id = bytes.fromhex(key.rstrip("z")).decode()
        return ApiKey(key=key, secret=SECRET, account_id=account_id, scopes=frozenset(Scope))


async def _serve() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await serve(
        GatewaySettings(port=0),
        AccountKeys(),
        stop=stop,
        on_ready=lambda url: print(f"{READY}{url.removeprefix('http://')}", flush=True),
    )


if __name__ == "__main__":
    uvloop.run(_serve())
