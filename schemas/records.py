"""The shapes of all records, as typed dictionaries: what the codec gives and takes.

A record is a plain dictionary, so that a decoded command goes into the engine without a conversion
for each field.  The events that come out of it are objects, and go into Avro as tuples of their
fields in the schema's order: see ``streams/domain/events.py``.  ``*.avsc`` beside this file says
the same to the rest of the world; a test holds the two together.

Units: ``_ticks`` (price grid), ``_lots`` (quantity grid), ``_units`` (minor units of an asset,
10**-8), ``_ppm`` (parts per million), ``_ms`` (milliseconds since the epoch).  All are 64-bit
integers.  There are no nulls: 0 and "" stand for «none», because a union costs more to write than
the field it holds.
"""

from typing import TypedDict

from schemas.enums import (
    CancelReplaceMode,
    CancelRestriction,
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    OrderType,
    RejectReason,
    Role,
    SagaState,
    SelfTradePrevention,
    Side,
    SymbolStatus,
    TimeInForce,
)

# --- commands: orders.incoming, keyed by symbol -------------------------------------------------


class PlaceOrder(TypedDict):
    """A new order.

    ``quantity_lots`` is 0 where a MARKET order is given by ``quote_quantity_units``.
    ``budget_units`` is what was reserved for an order without a limit price, of the quote asset for
    a buy, of the base asset for a sell by quote quantity: matching stops at it.
    ``reserved_price_ticks`` is the price at which a limit buy was reserved, ``hold_id`` the hold
    that pays for the order ("": nobody does).
    ``iceberg_lots`` is the visible part; 0 shows all.
    """

    command_id: str
    account_id: str
    symbol: str
    client_order_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_ticks: int
    stop_price_ticks: int
    quantity_lots: int
    quote_quantity_units: int
    iceberg_lots: int
    self_trade_prevention: SelfTradePrevention
    budget_units: int
    reserved_price_ticks: int
    hold_id: str
    maker_rate_ppm: int
    taker_rate_ppm: int
    time_ms: int


class CancelOrder(TypedDict):
    """Cancel by ``order_id`` or, where that is 0, by ``original_client_order_id``.

    ``client_order_id`` names the cancel itself.  A ``hold_id`` says that only the order which this
    hold pays for is meant, whoever has the client order id now.
    """

    command_id: str
    account_id: str
    symbol: str
    order_id: int
    original_client_order_id: str
    client_order_id: str
    restriction: CancelRestriction
    hold_id: str
    time_ms: int


class CancelReplaceOrder(TypedDict):
    """Cancel one order and place another: with STOP_ON_FAILURE a refused cancel places nothing."""

    command_id: str
    account_id: str
    symbol: str
    mode: CancelReplaceMode
    cancel: CancelOrder
    place: PlaceOrder
    time_ms: int


class PlaceOrderList(TypedDict):
    """One cancels the other: two orders of one side and quantity, paid for by one hold.

    When one trades or triggers, the other ends.
    """

    command_id: str
    account_id: str
    symbol: str
    list_client_order_id: str
    first: PlaceOrder
    second: PlaceOrder
    time_ms: int


class AmendOrder(TypedDict):
    """Reduce an order's quantity in place; it keeps its priority."""

    command_id: str
    account_id: str
    symbol: str
    order_id: int
    original_client_order_id: str
    client_order_id: str
    quantity_lots: int
    time_ms: int


class QueryOrder(TypedDict):
    """Ask how an order stands, by its id or, where that is 0, by its client order id."""

    command_id: str
    account_id: str
    symbol: str
    order_id: int
    original_client_order_id: str
    time_ms: int


class SetSymbolStatus(TypedDict):
    """Open, halt or restrict a symbol."""

    command_id: str
    account_id: str
    symbol: str
    status: SymbolStatus
    time_ms: int


class Tick(TypedDict):
    """Time passes, also where nothing else happens; written into every partition."""

    time_ms: int


# --- events -------------------------------------------------------------------------------------


class ExecutionReport(TypedDict):
    """One state change of one order, or the refusal of a command: orders.executions, by account.

    ``command_id`` is the command that caused the change (for a maker: the taker's).
    ``role``, ``commission_units`` (of the asset received), ``commission_rate_ppm``,
    ``trade_id`` and the ``last_*`` fields speak of this fill; ``cumulative_*`` of all.
    """

    execution_id: int
    command_id: str
    account_id: str
    symbol: str
    order_id: int
    client_order_id: str
    original_client_order_id: str
    execution_type: ExecutionType
    order_status: OrderStatus
    reject_reason: RejectReason
    expiry_reason: ExpiryReason
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    self_trade_prevention: SelfTradePrevention
    price_ticks: int
    stop_price_ticks: int
    quantity_lots: int
    quote_quantity_units: int
    iceberg_lots: int
    budget_units: int
    reserved_price_ticks: int
    hold_id: str
    last_price_ticks: int
    last_quantity_lots: int
    last_quote_units: int
    cumulative_quantity_lots: int
    cumulative_quote_units: int
    leaves_quantity_lots: int
    prevented_quantity_lots: int
    trade_id: int
    counter_order_id: int
    role: Role
    commission_units: int
    commission_rate_ppm: int
    is_working: bool
    order_time_ms: int
    working_time_ms: int
    time_ms: int
    order_list_id: int


class Trade(TypedDict):
    """One maker fill and one taker fill at one price: trades, by symbol."""

    trade_id: int
    symbol: str
    price_ticks: int
    quantity_lots: int
    quote_units: int
    buyer_order_id: int
    seller_order_id: int
    is_buyer_maker: bool
    command_id: str
    time_ms: int


class PriceLevel(TypedDict):
    """The visible quantity at one price; 0 lots: the level is gone."""

    price_ticks: int
    quantity_lots: int


class DepthUpdate(TypedDict):
    """The levels that one command changed: orderbook.updates, by symbol.

    The book's update counter rises by one for each changed level, bids first (best first), then
    asks; the next update's ``first_update_id`` is this one's ``last_update_id + 1``.
    """

    symbol: str
    first_update_id: int
    last_update_id: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]
    command_id: str
    time_ms: int


class DeadLetter(TypedDict):
    """An input that could not be understood, kept whole with the reason."""

    stage: str
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    key: bytes
    value: bytes
    time_ms: int


# --- rows of the matching stage's tables --------------------------------------------------------


class OrderRow(TypedDict):
    """A resting order or an untriggered stop: table ``book``, one row an order.

    ``priority`` orders the queue of a price level (an iceberg gets a new one when it
    replenishes); ``visible_lots`` is what the level shows of it.
    """

    symbol: str
    order_id: int
    account_id: str
    client_order_id: str
    command_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    self_trade_prevention: SelfTradePrevention
    price_ticks: int
    stop_price_ticks: int
    quantity_lots: int
    quote_quantity_units: int
    iceberg_lots: int
    visible_lots: int
    budget_units: int
    reserved_price_ticks: int
    hold_id: str
    maker_rate_ppm: int
    taker_rate_ppm: int
    cumulative_quantity_lots: int
    cumulative_quote_units: int
    prevented_quantity_lots: int
    priority: int
    triggers_above: bool
    is_working: bool
    order_time_ms: int
    working_time_ms: int
    order_list_id: int


class ClosedOrderRow(TypedDict):
    """A client order id in use by an order that closed lately: table ``book``."""

    symbol: str
    order_id: int
    account_id: str
    client_order_id: str
    closed_ms: int


class AveragePriceMinute(TypedDict):
    """What traded in one minute: a bucket of the average-price window."""

    minute: int
    quantity_lots: int
    notional_tick_lots: int


class SymbolRow(TypedDict):
    """Counters and state of one symbol: table ``book``."""

    symbol: str
    status: SymbolStatus
    last_order_id: int
    last_trade_id: int
    last_execution_id: int
    last_update_id: int
    last_priority: int
    last_price_ticks: int
    time_ms: int
    average_price_minutes: list[AveragePriceMinute]


# --- rows of the orders stage's table ------------------------------------------------------------


class SagaStep(TypedDict):
    """One step of a saga: the message or the answer that it was."""

    name: str
    time_ms: int


class OrderSagaRow(TypedDict):
    """A placement from its command to its order's end: table ``orders``.

    ``payload`` is the command as it was logged, ``report`` the order's last execution report,
    ``waiting`` the commands on it that wait until it is with matching; all three are encoded.
    ``hold_id`` is the reservation that was asked for last; "": none is.
    """

    saga_id: str
    account_id: str
    symbol: str
    client_order_id: str
    state: SagaState
    reason: RejectReason
    hold_id: str
    order_id: int
    order_status: OrderStatus
    last_execution_id: int
    requested_ms: int
    submitted_ms: int
    closed_ms: int
    steps: list[SagaStep]
    payload: bytes
    waiting: list[bytes]
    report: bytes


class OrderCommandRow(TypedDict):
    """A command on an order that came lately: table ``orders``."""

    command_id: str
    account_id: str
    payload: bytes
    time_ms: int


class OrderClockRow(TypedDict):
    """How far the inputs of a partition have come: table ``orders``."""

    commands_ms: int
    executions_ms: int
