"""What stands beside the stages: stores with their connectors, a gateway and a first key for it."""

import importlib.util
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from streams.settings import StreamsSettings
from tradeflow.embedded.ports import choose_port, free_port
from tradeflow.errors import TradeflowError
from tradeflow.settings import load_settings
from tradeflow.stores.kinds import StoreName, connector_settings, elsewhere
from tradeflow.supervision.demo import DemoKey, demo_key, give_money
from tradeflow.supervision.health import is_ready
from tradeflow.supervision.parts import Part
from tradeflow.supervision.programs import GATEWAY, Program, connector, gateway
from tradeflow.supervision.settings import GatewayAddress, RunFolder
from tradeflow.supervision.stores import Stores

_READY_SECONDS = 90.0
_POLL_SECONDS = 0.1
_HOST = "TRADEFLOW_GATEWAY_HOST"
_PORT = "TRADEFLOW_GATEWAY_PORT"
_REDIS = "TRADEFLOW_GATEWAY_REDIS_URL"


class StoresAndGateway:
    """Starts them step by step, behind the stages; ``go_on`` may raise between two steps."""

    def __init__(
        self,
        stores: Sequence[StoreName],
        *,
        has_gateway: bool,
        folder: RunFolder,
        settings: StreamsSettings,
        say: Callable[[str], None],
        go_on: Callable[[], None],
    ) -> None:
        self._has_gateway = has_gateway and _is_installed(say)
        self._wanted = stores
        self._folder = folder
        self._settings = settings
        self._say = say
        self._go_on = go_on
        servers = list(stores)
        if self._has_gateway and StoreName.MYSQL not in stores and _keys_are_in_mysql():
            say("The keys of the gateway are in MySQL: it is started for them.")
            servers.append(StoreName.MYSQL)
        self.stores = Stores(servers, folder, say)
        self.parts: list[Part] = []
        self.key: DemoKey | None = None
        """Of the account ``demo``."""

    def start_stores(self) -> None:
        """Each server that can be had."""
        self.stores.start()
        self.stores.wait(self._go_on)
        for name, address in self.stores.addresses().items():
            shown = address.rpartition("@")[2]
            self.parts.append(Part(name, "store", shown, is_elsewhere=bool(elsewhere(name))))

    def programs(self) -> list[Program]:
        """The connectors of the stores that are there, and the gateway."""
        return [*self._connectors(), *self._gateway()]

    def wait_for_gateway(self, bootstrap: str, require_alive: Callable[[], None]) -> None:
        """Until clients can come, with a key.

        Raises:
            TradeflowError: the gateway does not start.
        """
        if not self._has_gateway:
            return
        url = next(part.url for part in self.parts if part.kind == "gateway")
        give_money(bootstrap, self._settings.instruments)
        self._go_on()
        try:
            self.key = demo_key(self._folder.demo_key, bootstrap)
        except TradeflowError as error:
            self._say(f"There is no key for demo: {error}")
        deadline = time.monotonic() + _READY_SECONDS
        while not is_ready(url):
            self._go_on()
            require_alive()
            if time.monotonic() > deadline:
                raise TradeflowError(
                    f"The gateway was not ready within {_READY_SECONDS:.0f} s.",
                    remedy=f"Its log: {self._folder.log_of(GATEWAY)}",
                )
            time.sleep(_POLL_SECONDS)

    # ----------------------------------------------------------------------------------------------

    def _connectors(self) -> Iterator[Program]:
        host = self._settings.web_host
        for name, address in self.stores.addresses().items():
            if name not in self._wanted:
                continue
            port = free_port(host, host_setting="TRADEFLOW_WEB_HOST")
            where: Mapping[str, str] = {}
            if not elsewhere(name):
                where = connector_settings(name, address)
            program = connector(name, host=host, port=port, settings=where)
            self.parts.append(Part(program.name, "connector", f"{host}:{port}"))
            yield program

    def _gateway(self) -> Iterator[Program]:
        if not self._has_gateway:
            return
        wanted = load_settings(GatewayAddress)
        port = self._port(wanted)
        settings = {_HOST: wanted.host, _PORT: str(port)}
        redis = self.stores.addresses().get(StoreName.REDIS)
        if redis and not elsewhere(StoreName.REDIS) and not os.environ.get(_REDIS):
            settings[_REDIS] = connector_settings(StoreName.REDIS, redis)["TRADEFLOW_REDIS_URL"]
        self.parts.append(Part(GATEWAY, "gateway", f"{_reached(wanted.host)}:{port}"))
        yield gateway(settings)

    def _port(self, wanted: GatewayAddress) -> int:
        if os.environ.get(_PORT, "").strip() and wanted.port:
            return choose_port(
                wanted.host,
                wanted.port,
                preferred=None,
                host_setting=_HOST,
                port_setting=_PORT,
            )
        port = free_port(wanted.host, preferred=wanted.port or None, host_setting=_HOST)
        if wanted.port not in (0, port):
            self._say(
                f"Port {wanted.port} is taken by another program: the gateway is at port {port}."
            )
        return port


def shared_settings() -> dict[str, str]:
    """Variables for all programs, that must not be seen in a list of processes."""
    redis = elsewhere(StoreName.REDIS)
    return {_REDIS: redis} if redis and not os.environ.get(_REDIS) else {}


def _reached(host: str) -> str:
    """An address of this machine, for one that listens on all of them."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


def _is_installed(say: Callable[[str], None]) -> bool:
    if importlib.util.find_spec("uvicorn") is not None:
        return True
    say("The gateway is left out: install it with: pip install 'tradeflow[web]'")
    return False


def _keys_are_in_mysql() -> bool:
    """Whether the gateway has put keys into the embedded MySQL before."""
    if any(
        os.environ.get(name, "").strip()
        for name in (
            *("TRADEFLOW_AUTH_DATABASE_URL", "TRADEFLOW_MYSQL_HOST", "TRADEFLOW_MYSQL_PORT"),
        )
    ):
        return False
    folder = Path(os.environ.get("TRADEFLOW_AUTH_STATE_DIR", ".tradeflow/gateway"))
    try:
        return (folder / "keys-are-in").read_text().strip() == StoreName.MYSQL
    except OSError:
        return False
