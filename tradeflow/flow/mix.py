"""What share of the flow makes, takes and cancels."""

from dataclasses import dataclass

from tradeflow.errors import TradeflowError

_NAMES = ("makers", "takers", "cancels")
DEFAULT_MIX = "makers=35,takers=20,cancels=45"


@dataclass(frozen=True, slots=True)
class Mix:
    """Weights: only their ratio matters."""

    makers: int
    takers: int
    cancels: int

    @classmethod
    def parse(cls, text: str) -> "Mix":
        """A mix from «makers=35,takers=20,cancels=45»; what is not named is 0.

        Raises:
            TradeflowError: the text is no mix.
        """
        weights = dict.fromkeys(_NAMES, 0)
        seen = set()
        for part in text.split(","):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals or name not in weights:
                raise _refused(text, f"{part.strip() or 'an empty part'!r} is none of its parts")
            if name in seen:
                raise _refused(text, f"{name} is there twice")
            if not (value.isascii() and value.isdigit()):
                raise _refused(text, f"{name} must be a whole number, 0 or more")
            seen.add(name)
            weights[name] = int(value)
        if weights["makers"] == 0:
            raise _refused(text, "without makers nothing can be taken or cancelled")
        return cls(**weights)

    @property
    def weights(self) -> tuple[int, int, int]:
        """Makers, takers, cancels."""
        return self.makers, self.takers, self.cancels


def _refused(text: str, why: str) -> TradeflowError:
    return TradeflowError(
        f"The mix {text!r} will not do: {why}.", remedy=f"Write it as {DEFAULT_MIX}."
    )
