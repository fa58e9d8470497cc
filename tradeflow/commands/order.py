"""`tradeflow order`: place orders of an account, cancel them, look at them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from schemas.instruments import Instrument

app = typer.Typer(
    name="order",
    help="Place an account's orders, cancel them, and see how they stand.",
    no_args_is_help=True,
)

AccountId = Annotated[str, typer.Argument(help="For example alice.", metavar="ACCOUNT")]
Symbol = Annotated[str, typer.Argument(help="For example BTCUSDT.", metavar="SYMBOL")]
OrderId = Annotated[int, typer.Option("--order-id", min=0, help="The order's id.")]
ClientOrderId = Annotated[
    str, typer.Option("--client-id", help="The client order id, instead of the id.")
]
CommandId = Annotated[
    str, typer.Option("--id", help="Id of the command: the same id again has no second effect.")
]

_START_FIRST = "Start the exchange first: tradeflow up"


@app.command()
def place(
    account: AccountId,
    symbol: Symbol,
    side: Annotated[str, typer.Argument(help="buy or sell.", metavar="SIDE")],
    quantity: Annotated[
        str, typer.Argument(help="Of the base asset; not with --quote.", metavar="[QUANTITY]")
    ] = "",
    price: Annotated[str, typer.Option(help="Limit price; without it a market order.")] = "",
    quote: Annotated[str, typer.Option(help="Market order for so much of the quote asset.")] = "",
    kind: Annotated[str, typer.Option("--type", help="LIMIT_MAKER, STOP_LOSS_LIMIT, …")] = "",
    stop_price: Annotated[str, typer.Option(help="For stop and take-profit orders.")] = "",
    time_in_force: Annotated[str, typer.Option(help="GTC, IOC or FOK.")] = "GTC",
    iceberg: Annotated[str, typer.Option(help="The part that the book shows.")] = "",
    budget: Annotated[
        str, typer.Option(help="What a market order may cost at most.", show_default="best + 5 %")
    ] = "",
    client_id: ClientOrderId = "",
    command_id: CommandId = "",
) -> None:
    """Place an order: its money is reserved, then it goes to matching."""
    from tradeflow.order_entry import OrderText, place_order

    text = OrderText(
        account=account,
        symbol=symbol.upper(),
        side=side,
        quantity=quantity,
        price=price,
        stop_price=stop_price,
        quote_quantity=quote,
        iceberg=iceberg,
        budget=budget,
        order_type=kind,
        time_in_force=time_in_force,
        client_order_id=client_id,
        command_id=command_id,
    )
    instrument = _instrument(text.symbol)
    is_priced = price or budget or stop_price
    best = 0 if is_priced else _best_opposite(text.symbol, side)
    _ask("PlaceOrder", place_order(text, instrument, best), instrument)


@app.command()
def cancel(
    account: AccountId,
    symbol: Symbol,
    order_id: OrderId = 0,
    client_id: ClientOrderId = "",
    command_id: CommandId = "",
) -> None:
    """Cancel an open order; what it holds is released."""
    command = _about(account, symbol, order_id, client_id, command_id)
    more = {"client_order_id": "", "restriction": "NONE", "hold_id": ""}
    _ask("CancelOrder", {**command, **more}, _instrument(symbol.upper()))


@app.command()
def show(
    account: AccountId, symbol: Symbol, order_id: OrderId = 0, client_id: ClientOrderId = ""
) -> None:
    """Show how an order stands: open ones, and those that closed in the last ten minutes."""
    command = _about(account, symbol, order_id, client_id, "")
    _ask("QueryOrder", command, _instrument(symbol.upper()))


def _about(
    account: str, symbol: str, order_id: int, client_id: str, command_id: str
) -> dict[str, Any]:
    import time
    from uuid import uuid4

    from tradeflow.errors import TradeflowError

    if not (order_id or client_id):
        raise TradeflowError("Which order? Give --order-id or --client-id.")
    return {
        "command_id": command_id or f"cli-{uuid4()}",
        "account_id": account,
        "symbol": symbol.upper(),
        "order_id": order_id,
        "original_client_order_id": client_id,
        "time_ms": time.time_ns() // 1_000_000,
    }


def _instrument(symbol: str) -> "Instrument":
    from schemas.instruments import load_instruments
    from tradeflow.commands.worker import streams_settings
    from tradeflow.errors import TradeflowError

    known = load_instruments(streams_settings().instruments)
    if symbol not in known:
        raise TradeflowError(
            f"There is no symbol {symbol!r}.", remedy=f"There are: {', '.join(known)}."
        )
    return known[symbol]


def _best_opposite(symbol: str, side: str) -> int:
    """The best price that an order of this side could trade at, in ticks; 0: there is none."""
    from tradeflow.load.starting_books import read_starting_books
    from tradeflow.running_broker import running_broker

    other = "SELL" if side.upper() == "BUY" else "BUY"
    orders = read_starting_books(running_broker(), {symbol})[symbol].orders
    prices = [order.price_ticks for order in orders if order.side == other and order.is_working]
    if not prices:
        return 0
    return min(prices) if other == "SELL" else max(prices)


def _ask(kind: str, command: dict[str, Any], instrument: "Instrument") -> None:
    """Send a command, and say what came of it; a refusal is an error."""
    from schemas.codec import EncodeError
    from schemas.limits import find_fault
    from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS
    from tradeflow.command_desk import Answer, CommandDesk
    from tradeflow.errors import TradeflowError
    from tradeflow.order_entry import report_line
    from tradeflow.running_broker import running_broker

    fault = find_fault(kind, command)
    if fault is not None:
        raise TradeflowError(f"{fault}.")
    seen = 0

    def has_settled(answers: list[Answer]) -> bool:
        """The reports of one command are committed together: what is not there now never comes."""
        nonlocal seen
        before, seen = seen, len(answers)
        return seen > 0 and seen == before

    desk = CommandDesk(
        running_broker(),
        commands=ORDERS_COMMANDS,
        answers=ORDERS_EXECUTIONS,
        start_first=_START_FIRST,
    )
    try:
        answers = desk.ask(kind, command, is_complete=has_settled)
    except EncodeError as error:
        raise TradeflowError(f"The command cannot be said: {error}.") from None
    for _, report in answers:
        if report["command_id"] == command["command_id"]:
            typer.echo(report_line(report, instrument))  # type: ignore[arg-type]
    if any(report["execution_type"].endswith("REJECTED") for _, report in answers):
        raise typer.Exit(1)
