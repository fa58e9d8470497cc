"""What is wrong with a server, as one line that says what to do."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from connectors.mongodb.connection import explain
from connectors.mongodb.settings import MongodbSettings

SETTINGS = MongodbSettings(url="mongodb://ann:secret@db:27017/?replicaSet=tradeflow")


def batch(*faults: dict[str, object], concern: dict[str, object] | None = None) -> BulkWriteError:
    return BulkWriteError(
        {"writeErrors": list(faults), "writeConcernErrors": [concern] if concern else []}
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ServerSelectionTimeoutError("db:27017: refused, Timeout: 5s"), "cannot be reached: "),
        (AutoReconnect("connection closed"), "cannot be reached: connection closed. Start it"),
        (NetworkTimeout("timed out"), "cannot be reached: timed out"),
        (OperationFailure("Authentication failed.", 18), "refuses the user or the password"),
        (
            OperationFailure("not authorized", 13),
            "refuses: not authorized. Grant the user its role",
        ),
        (OperationFailure("no space", 14031), "has no room left on its disk. Make room"),
        (
            OperationFailure('WtError { code: 28, message: "No space left on device" }', 1),
            "has no room left on its disk. Make room",
        ),
        (ExecutionTimeout("too slow", 50), "has failed: too slow"),
        (
            batch({"code": 11000, "errmsg": "E11000"}, {"code": 14031, "errmsg": "no space"}),
            "has no room left on its disk",
        ),
        (batch({"code": 13, "errmsg": "not authorized."}), "refuses: not authorized. Grant"),
        (batch(concern={"code": 64, "errmsg": "waiting timed out"}), "has failed: waiting timed"),
    ],
)
def test_an_error_is_one_clear_line(error: PyMongoError, said: str) -> None:
    line = explain(error, SETTINGS)
    assert line.startswith("MongoDB at db:27017 ")
    assert said in line
    assert "secret" not in line and "\n" not in line and not line.endswith(".")
