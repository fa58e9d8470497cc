"""Settings from the environment; one that will not do is one clear line."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from tradeflow.errors import TradeflowError

Settings = TypeVar("Settings", bound=BaseSettings)


def load_settings(kind: type[Settings]) -> Settings:
    """The settings of this kind.

    Raises:
        TradeflowError: it names the variable.
    """
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper()
        raise TradeflowError(f"{variable}={first['input']} will not do: {first['msg']}.") from error
