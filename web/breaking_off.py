"""uvicorn's WebSocket protocol, which waits no longer for clients that do not read."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class BreakingOffProtocol(WebSocketsSansIOProtocol):
    """Breaks a connection off some time after the application is done with it.

    A transport that is closed still waits until the client has read what was written to it: for
    ever, if it never reads.
    """

    close_seconds = 10.0

    async def run_asgi(self) -> None:
        """Run the application, and then see to the end."""
        await super().run_asgi()
        self.loop.call_later(self.close_seconds, self.transport.abort)
