"""A gateway process with one more endpoint for each kind of security, which says who asks."""

import sys

from tradeflow.commands.gateway import gateway_settings
from tradeflow.commands.worker import configure_logging
from web import app
from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.parameters import Parameter
from web.process import run


async def _whoami(call: Call) -> dict[str, object]:
    return {"account": call.caller.account_id if call.caller else None, "note": call.values["note"]}


def main() -> None:
    """As `tradeflow gateway` does."""
    app.ENDPOINTS = (
        *app.ENDPOINTS,
        *(
            Endpoint(
                method=method,
                path=f"/probe/{security.name}",
                handle=_whoami,
                summary="Says who asks.",
                security=security,
                parameters=(Parameter(name="note"),),
            )
            for security in Security
            for method in ("GET", "POST", "DELETE")
        ),
    )
    configure_logging()
    sys.exit(run(*gateway_settings()))


if __name__ == "__main__":
    main()
