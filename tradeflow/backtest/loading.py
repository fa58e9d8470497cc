"""Finding a strategy by its name: ``module:Class`` or ``file.py:Class``."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from tradeflow.backtest.strategy import Strategy
from tradeflow.backtest.trader import failure_of
from tradeflow.errors import TradeflowError

_FORM = "Write module:Class or file.py:Class."


def load_strategy(name: str, parameters: Mapping[str, str]) -> Strategy:
    """Make the strategy of this name; modules are looked for in the current folder too.

    Raises:
        TradeflowError: there is none, it is no strategy, or it does not take the parameters.
    """
    kind = _class_of(name)
    try:
        return kind(**parameters)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:
            # The call itself: what was given does not fit.
            raise TradeflowError(
                f"{name} does not take these parameters: {error}.",
                remedy="Its constructor says which --param it takes.",
            ) from error
        raise failure_of(kind, error, "__init__") from error
    except Exception as error:  # whatever it is, it is the strategy's
        raise failure_of(kind, error, "__init__") from error


def _class_of(name: str) -> type[Strategy]:
    place, colon, class_name = name.rpartition(":")
    if not colon or not place or not class_name:
        raise TradeflowError(f"{name} names no strategy.", remedy=_FORM)
    module = _module_of(place)
    kind = getattr(module, class_name, None)
    if kind is None:
        raise TradeflowError(f"{place} has no {class_name}.", remedy=_FORM)
    if not isinstance(kind, type) or not issubclass(kind, Strategy):
        raise TradeflowError(
            f"{name} is no strategy.",
            remedy="Let the class derive from tradeflow.backtest.strategy.Strategy.",
        )
    return kind


def _module_of(place: str) -> ModuleType:
    path = Path(place)
    try:
        if place.endswith(".py"):
            return _module_in(path)
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{place}.".startswith(f"{error.name}."):
            raise TradeflowError(f"{place} needs {error.name}, which is not installed.") from error
        raise TradeflowError(f"There is no module {place}.", remedy=_FORM) from error
    except SyntaxError as error:
        raise TradeflowError(f"{error.filename}, line {error.lineno}: {error.msg}.") from error
    except TradeflowError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise TradeflowError(
            f"{place} cannot be imported: {type(error).__name__}: {said}."
        ) from error


def _module_in(path: Path) -> ModuleType:
    if not path.is_file():
        raise TradeflowError(f"There is no file {path}.", remedy=_FORM)
    spec = importlib.util.spec_from_file_location(f"strategy_{path.stem}", path)
    assert spec is not None and spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
