"""Why a gateway cannot run."""


class GatewayError(Exception):
    """It cannot start or go on; ``action`` says what to do."""

    def __init__(self, message: str, *, action: str) -> None:
        super().__init__(message)
        self.action = action
