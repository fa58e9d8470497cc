"""`tradeflow sagas`: how far placements have come."""

from typing import Annotated

import typer


def sagas(
    stuck: Annotated[
        bool, typer.Option("--stuck", help="Only those on their way for more than 30 s.")
    ] = False,
    account: Annotated[str, typer.Option(help="Only this account's.")] = "",
    last: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 20,
) -> None:
    """List placements: those on their way, of open orders, and of orders closed lately.

    The orders stage drives a stuck one to its end by itself: what it waits for is the last step.
    With --stuck the exit code is 1 if there is any.
    """
    import time

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from tradeflow.running_broker import running_broker
    from tradeflow.saga_list import is_stuck, read_sagas

    now_ms = time.time_ns() // 1_000_000
    found = [
        saga
        for saga in read_sagas(running_broker())
        if (not account or saga["account_id"] == account) and (not stuck or is_stuck(saga, now_ms))
    ]
    if not found:
        typer.echo("No saga is stuck." if stuck else "There are no sagas.")
        return
    table = Table(box=SIMPLE)
    for heading in ("Saga", "Account", "Symbol", "State", "Order", "Last step"):
        table.add_column(heading, overflow="fold")
    table.add_column("Age", justify="right")
    for saga in found[-last:]:
        steps = saga["steps"]
        reason = saga["reason"] if saga["reason"] != "NONE" else saga["order_status"]
        table.add_row(
            # As text: ids may have what rich would take for markup.
            Text(saga["saga_id"]),
            Text(saga["account_id"]),
            Text(saga["symbol"]),
            saga["state"],
            f"{saga['order_id'] or ''} {reason.lower().replace('_', ' ')}".strip(),
            steps[-1]["name"] if steps else "",
            f"{max(0, now_ms - saga['requested_ms']) / 1_000:,.0f} s",
        )
    Console().print(table)
    if len(found) > last:
        typer.echo(f"{len(found) - last} older ones are not shown (--last).")
    if stuck:
        raise typer.Exit(1)
