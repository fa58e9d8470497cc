"""What Redis refuses, as one line that says what to do."""

import redis

from connectors.sink import StoreDownError

# By the first word of the server's answer.
_REMEDIES = {
    "OOM": "is full (maxmemory): give it more memory or remove what others keep in it",
    "MISCONF": "cannot write to its disk: make room there, its log has the reason",
    "READONLY": "is a replica: name the primary in TRADEFLOW_REDIS_URL",
    "MASTERDOWN": "is a replica that has lost its primary",
    "NOPERM": "refuses the user a command or key: grant them in its ACL",
    "NOAUTH": "wants a user and password: put them into TRADEFLOW_REDIS_URL",
    "WRONGPASS": "refuses the user or password of TRADEFLOW_REDIS_URL",
    "WRONGTYPE": "has keys of these names that another program wrote: remove them, or set"
    " TRADEFLOW_REDIS_KEY_PREFIX",
    "LOADING": "is still loading its data",
    "BUSY": "is busy with another client's script",
    "NOREPLICAS": "has too few replicas to write (min-replicas-to-write)",
    "UNKNOWN": "lacks a command",
}
_WORDS = {
    redis.exceptions.OutOfMemoryError: "OOM",
    redis.exceptions.ReadOnlyError: "READONLY",
    redis.exceptions.NoPermissionError: "NOPERM",
    redis.exceptions.AuthenticationError: "WRONGPASS",
    redis.exceptions.BusyLoadingError: "LOADING",
    redis.exceptions.MasterDownError: "MASTERDOWN",
}


def store_down(error: Exception, address: str, key: str = "") -> StoreDownError | None:
    """The clear line for an error of the client; None: a bug of ours, which keeps its traceback.

    ``key`` is the one that was asked for, where the error itself does not name it.
    """
    said = " ".join(str(error).split())
    word = _word(error, said)
    if key and word in ("WRONGTYPE", "NOPERM"):
        said += f" at {key}"
    if word in _REMEDIES:
        return StoreDownError(f"Redis at {address} {_REMEDIES[word]} ({said[:200]})")
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError):
        return StoreDownError(f"Redis at {address} does not answer ({said[:200]}): is it running?")
    return None


def _word(error: Exception, said: str) -> str:
    for kind, word in _WORDS.items():
        if isinstance(error, kind):
            return word
    if said.startswith("ACL failure"):
        # How a script says it.
        return "NOPERM"
    if said.startswith("TSDB: the key is not a TSDB key"):
        return "WRONGTYPE"
    # A script's error may have the command's own behind «ERR» or «-».
    words = said.upper().replace("-", "").replace(":", "").split()[:3]
    if "UNKNOWN" in words and "COMMAND" in said.upper():
        return "UNKNOWN"
    return next((word for word in words if word in _REMEDIES and word != "UNKNOWN"), "")
