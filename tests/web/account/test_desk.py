"""Commands with their answers, as the exchange really gives them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from schemas.headers import Actor
from tests.web.memory_keys import MemoryKeys
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient
from web.clock import now_ms
from web.exchange.desk import Desk, UnknownOutcomeError
from web.opening import open_gateway

_ACTOR = Actor("tester")


@pytest.fixture
def at_a_desk(gateway: RunningGateway) -> Callable[[Callable[[Desk], Awaitable[None]]], None]:
    """Runs a test at the desk of a gateway of its own."""

    def run(test: Callable[[Desk], Awaitable[None]]) -> None:
        async def open_and_run() -> None:
            async with open_gateway(gateway.settings, MemoryKeys()) as opened:
                await test(opened.desk)
                assert opened.desk.waiting == 0

        asyncio.run(open_and_run())

    return run


def place(client: SignedClient, symbol: str, **fields: Any) -> dict[str, Any]:
    return {
        "command_id": f"test-{uuid4()}",
        "account_id": client.account_id,
        "symbol": symbol,
        "client_order_id": f"n{uuid4().hex[:20]}",
        "side": "SELL",
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "price_ticks": 10_000,
        "stop_price_ticks": 0,
        "quantity_lots": 100_000,
        "quote_quantity_units": 0,
        "iceberg_lots": 0,
        "self_trade_prevention": "NONE",
        "budget_units": 0,
        "reserved_price_ticks": 0,
        "hold_id": "",
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
        "time_ms": now_ms(),
        **fields,
    }


def types(reports: list[dict[str, Any]]) -> list[str]:
    return [each["execution_type"] for each in reports]


AtADesk = Callable[[Callable[[Desk], Awaitable[None]]], None]


def test_a_repeat_is_answered_by_how_its_order_stands(
    at_a_desk: AtADesk, alice: SignedClient, symbol: str
) -> None:
    async def test(desk: Desk) -> None:
        command = place(alice, symbol)
        first, second = await asyncio.gather(
            desk.ask("PlaceOrder", command, _ACTOR), desk.ask("PlaceOrder", command, _ACTOR)
        )

        assert types(first) == ["NEW"]
        assert types(second)[-1:] == ["ORDER_STATUS"]
        known_id = 0
        while not known_id:
            # The stage may read matching's answer later than this gateway does.
            (third,) = await desk.ask("PlaceOrder", command, _ACTOR)
            assert third["execution_type"] == "ORDER_STATUS"
            known_id = third["order_id"]
        assert known_id == first[0]["order_id"]

    at_a_desk(test)


def test_another_command_under_the_same_id_is_refused_alone(
    at_a_desk: AtADesk, alice: SignedClient, symbol: str
) -> None:
    async def test(desk: Desk) -> None:
        command = place(alice, symbol)
        other = {**command, "quantity_lots": 200_000}
        first, second = await asyncio.gather(
            desk.ask("PlaceOrder", command, _ACTOR), desk.ask("PlaceOrder", other, _ACTOR)
        )

        assert types(first) == ["NEW"]
        assert second[-1]["reject_reason"] == "COMMAND_ID_REUSED"

    at_a_desk(test)


def test_what_waits_for_its_order_is_answered_though_something_else_sends_it_on(
    at_a_desk: AtADesk, alice: SignedClient, symbol: str
) -> None:
    """The reservation of the order lets the cancel and the amendment go; they carry its headers."""

    async def test(desk: Desk) -> None:
        command = place(alice, symbol)
        about = {"account_id": alice.account_id, "symbol": symbol, "time_ms": now_ms()}
        about |= {"order_id": 0, "original_client_order_id": command["client_order_id"]}
        amend = {**about, "command_id": f"test-{uuid4()}", "quantity_lots": 50_000}
        cancel = {**about, "command_id": f"test-{uuid4()}", "restriction": "NONE"}
        query = {**about, "command_id": f"test-{uuid4()}"}
        placed, amended, canceled, told = await asyncio.gather(
            desk.ask("PlaceOrder", command, _ACTOR),
            desk.ask("AmendOrder", {**amend, "client_order_id": ""}, _ACTOR),
            desk.ask("CancelOrder", {**cancel, "client_order_id": "", "hold_id": ""}, _ACTOR),
            desk.ask("QueryOrder", query, _ACTOR),
        )

        assert types(placed) == ["NEW"]
        assert types(amended) == ["REPLACED"]
        assert types(canceled) == ["CANCELED"]
        assert types(told) == ["ORDER_STATUS"]

    at_a_desk(test)


def test_fills_of_own_orders_that_were_there_are_among_the_reports(
    at_a_desk: AtADesk, alice: SignedClient, symbol: str
) -> None:
    async def test(desk: Desk) -> None:
        maker = await desk.ask("PlaceOrder", place(alice, symbol), _ACTOR)
        taker = await desk.ask("PlaceOrder", place(alice, symbol, side="BUY"), _ACTOR)

        assert types(taker) == ["NEW", "TRADE", "TRADE"]
        assert [each["role"] for each in taker] == ["NONE", "MAKER", "TAKER"]
        assert taker[1]["order_id"] == maker[0]["order_id"]

    at_a_desk(test)


def test_makers_of_others_do_not_answer(
    at_a_desk: AtADesk, alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    async def test(desk: Desk) -> None:
        await desk.ask("PlaceOrder", place(bob, symbol), _ACTOR)
        taker = await desk.ask("PlaceOrder", place(alice, symbol, side="BUY"), _ACTOR)

        assert {each["account_id"] for each in taker} == {alice.account_id}
        assert types(taker) == ["NEW", "TRADE"]

    at_a_desk(test)


def test_a_symbols_status(at_a_desk: AtADesk, alice: SignedClient, symbol: str) -> None:
    async def test(desk: Desk) -> None:
        about = {"account_id": alice.account_id, "symbol": symbol, "time_ms": now_ms()}
        command = {**about, "command_id": f"test-{uuid4()}", "status": "TRADING"}
        assert types(await desk.ask("SetSymbolStatus", command, _ACTOR)) == ["STATUS_CHANGED"]

    at_a_desk(test)


def test_the_wallet_answers_repeats_too(at_a_desk: AtADesk, alice: SignedClient) -> None:
    async def test(desk: Desk) -> None:
        about = {"account_id": alice.account_id, "time_ms": now_ms()}
        command = {**about, "command_id": f"test-{uuid4()}", "asset": "BTC", "amount_units": 5}
        other = {**command, "amount_units": 6}
        first = await desk.ask_wallet("WalletDepositCommand", command, _ACTOR)
        again, refused = await asyncio.gather(
            desk.ask_wallet("WalletDepositCommand", command, _ACTOR),
            desk.ask_wallet("WalletDepositCommand", other, _ACTOR),
        )

        assert (first["is_repeat"], again["is_repeat"]) == (False, True)
        assert refused["reason"] == "COMMAND_ID_REUSED"

    at_a_desk(test)


def test_a_desk_that_is_closed_leaves_nobody_waiting(
    gateway: RunningGateway, exchange: RunningExchange, alice: SignedClient
) -> None:
    async def test() -> None:
        async with open_gateway(gateway.settings, MemoryKeys()) as opened:
            # Nobody ever answers a command on a symbol of no length: it is a dead letter.
            asking = asyncio.create_task(opened.desk.ask("PlaceOrder", place(alice, ""), _ACTOR))
            while not opened.desk.waiting:
                await asyncio.sleep(0)
        with pytest.raises(UnknownOutcomeError, match="stopping"):
            await asking

    asyncio.run(test())
