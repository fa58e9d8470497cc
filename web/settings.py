"""Settings of the gateway; each can be given as TRADEFLOW_GATEWAY_<NAME>."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from web.limits.rule import read_rule, read_rules
from web.limits.rules import Mode


def _rule(text: str) -> str:
    read_rule("", text)
    return text


def _rules(text: str) -> str:
    read_rules("", text)
    return text


RuleText = Annotated[str, AfterValidator(_rule)]
RulesText = Annotated[str, AfterValidator(_rules)]


class GatewaySettings(BaseSettings):
    """What every part of the gateway may look at."""

    model_config = SettingsConfigDict(
        env_prefix="TRADEFLOW_GATEWAY_", frozen=True, populate_by_name=True, extra="ignore"
    )

    # Named as everywhere, not after this prefix.
    broker: str = Field(default="127.0.0.1:9092", validation_alias="BROKER")
    instruments: Path | None = Field(default=None, validation_alias="TRADEFLOW_INSTRUMENTS")
    """A JSON file of instruments; None: the default set."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    """0: any free one."""
    reply_seconds: float = Field(default=10.0, gt=0)
    """How long a request waits for what the exchange says of it; then its outcome is unknown."""
    market_band_percent: int = Field(default=5, ge=0, le=100)
    """How much worse than the best price a market order may be paid for."""
    kept_trades: int = Field(default=1_000, ge=1)
    """Trades of a symbol in memory."""
    kept_candles: int = Field(default=1_000, ge=1)
    """Candles of a symbol and an interval in memory."""
    kept_orders: int = Field(default=1_000, ge=1)
    """Closed orders, and trades, of an account in memory; older ones are in MySQL."""
    mysql_url: SecretStr | None = None
    """Where MySQL's connector keeps what is older than memory, of markets and of accounts:
    mysql://USER:PASSWORD@HOST:PORT/NAME.  None: memory only."""
    past_seconds: float = Field(default=3_600.0, ge=0)
    """How far back executions are read at the start, for accounts' own trades."""
    faucet: bool = True
    """Whether accounts may bring money in themselves: it comes from nowhere."""
    listen_keys: bool = True
    """Whether listen keys are given out, for bots from before Binance retired them."""
    listen_key_seconds: float = Field(default=3_600.0, gt=0)
    """How long a listen key is good for."""
    key_check_seconds: float = Field(default=5.0, gt=0)
    """How long a stream may go on after its key was revoked or has expired."""
    stomp_beat_seconds: float = Field(default=10.0, gt=0)
    """How often a STOMP connection is sent a beat of the heart, and wants to hear one."""
    requests_at_once: int = Field(default=50, ge=1)
    """Requests of one WebSocket that are worked on at the same time; further ones wait."""
    start_seconds: float = Field(default=60.0, gt=0)
    """How long the log may take to be read at the start."""
    redis_url: str = ""
    """redis://host:port/database that all gateways share; "": each has but its own memory."""
    kept_signatures: int = Field(default=200_000, ge=1)
    """So many requests that change state are remembered in a process at a time."""
    connection_streams: int = Field(default=1_024, ge=1)
    """Streams of a WebSocket connection."""
    connection_messages_per_second: int = Field(default=5, ge=0)
    """What a client may send on a WebSocket connection, pings and pongs included; 0: no limit."""
    connection_queue_bytes: int = Field(default=1024 * 1024, ge=1)
    """What may wait for a client that reads slowly; with more it is closed."""
    connection_seconds: float = Field(default=24 * 3_600.0, gt=0)
    """How long a WebSocket connection lives."""
    connections_in_5_minutes: int = Field(default=0, ge=0)
    """WebSocket connections that an address may begin (Binance: 300); 0: no limit."""
    ping_seconds: float = Field(default=20.0, gt=0)
    """How often a WebSocket client is asked for a sign of life."""
    pong_seconds: float = Field(default=60.0, gt=0)
    """How long it may take to give one; then it is closed."""
    request_seconds: float = Field(default=30.0, gt=0)
    """How long a client may take to send a request, from its first byte or the connection's
    beginning; then it is closed."""
    close_seconds: float = Field(default=30.0, gt=0)
    """How long a client that is closed may take to read why; then it is cut off."""
    proxies: str = ""
    """Addresses or networks, separated by commas, that are believed when they say whom they speak
    for (X-Forwarded-For); * believes everybody."""
    cors_origins: str = "*"
    """Origins, separated by commas, whose pages may read answers in a browser; * are all."""
    redis_timeout_ms: int = Field(default=500, ge=10)
    """A Redis that is slower than this is taken for gone, and limits are counted here."""
    limits: Mode = "off"
    """off: use is counted and shown, nobody is refused; on: as Binance; strict: on, and so many
    requests of each consumer."""
    limit_weight: RuleText = "6000/minute"
    """Of each address, and of each key."""
    limit_requests: RuleText = "300000/5 minutes"
    """Of each address."""
    limit_orders: RulesText = "100/10 seconds; 200000/day"
    """Of each account."""
    limit_consumer: RuleText = "100/minute"
    """Requests of each account, or address without one; in the strict mode."""
    ban_after: int = Field(default=10, ge=0)
    """An address that asks more often than this in a minute, although refused, is banned."""
    ban_seconds: float = Field(default=120.0, gt=0)
    """For so long; each further time twice as long."""
    ban_seconds_max: float = Field(default=3 * 86_400.0, gt=0)

    def client(self, name: str) -> dict[str, Any]:
        """Settings of every client of the broker."""
        return {
            "bootstrap.servers": self.broker,
            "client.id": name,
            # A restarted broker is found again quickly; the default backs off to 10 s.
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
        }

    def consumer(self) -> dict[str, Any]:
        """Settings of a consumer that belongs to no group and reads what is committed."""
        return {
            **self.client("tradeflow-gateway"),
            # The client asks for one; nothing is kept under it.
            "group.id": "tradeflow-gateway",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            # Says when everything that was there at the start is read.
            "enable.partition.eof": True,
            # A reply is fetched when it is there.
            "fetch.wait.max.ms": 50,
            "fetch.error.backoff.ms": 20,
            "fetch.queue.backoff.ms": 10,
            "queued.max.messages.kbytes": 32 * 1024,
        }
