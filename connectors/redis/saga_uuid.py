"""The UUID under which a saga is shown where one is wanted."""

from uuid import NAMESPACE_URL, uuid5

_SAGAS = uuid5(NAMESPACE_URL, "https://tradeflow/sagas")


def saga_uuid(account_id: str, saga_id: str) -> str:
    """A function of its inputs, so that a replay gives the same one.

    A saga id is unique within its account; the length keeps any two pairs apart.
    """
    return str(uuid5(_SAGAS, f"{len(account_id)}:{account_id}:{saga_id}"))
