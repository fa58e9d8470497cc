"""Errors that a person can act on; the command line prints them as one line."""


class TradeflowError(Exception):
    """Something that the person at the keyboard can put right.

    `message` says what is wrong, `remedy` what to do about it, `exit_code` is the process's.
    Anything else that escapes a command is a bug and keeps its traceback.
    """

    def __init__(self, message: str, *, remedy: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()
