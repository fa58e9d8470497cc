"""Leaving a group on purpose.

A static member that closes its consumer stays a member until its session ends, so that a restart
costs no rebalance.  When it stops for good its partitions would lie idle for that time; this sends
the LeaveGroup that librdkafka does not send for static members (KIP-345).
"""

import asyncio
import logging

# aiokafka has annotations but no py.typed that would say so.
from aiokafka.client import (  # type: ignore[import-untyped]
    AIOKafkaClient,
    ConnectionGroup,
    CoordinationType,
)
from aiokafka.protocol.group import LeaveGroupRequest  # type: ignore[import-untyped]

from streams.transport.config import TransportSettings

log = logging.getLogger(__name__)

_SECONDS = 2.0


def leave_group(settings: TransportSettings, member_id: str) -> None:
    """Take ``member_id`` out of the group; failing that, its session's end will (logged)."""
    try:
        error = asyncio.run(asyncio.wait_for(_leave(settings, member_id), _SECONDS))
    except Exception as exc:
        log.warning("could not leave the group, its partitions wait for the session: %r", exc)
        return
    if error:
        log.warning("leaving the group: the coordinator answered with error %d", error)
    else:
        log.info("left group %s", settings.group)


async def _leave(settings: TransportSettings, member_id: str) -> int:
    client = AIOKafkaClient(bootstrap_servers=settings.bootstrap, client_id=settings.member)
    await client.bootstrap()
    try:
        node = await client.coordinator_lookup(CoordinationType.GROUP, settings.group)
        left = await client.send(
            node, LeaveGroupRequest(settings.group, member_id), group=ConnectionGroup.COORDINATION
        )
        return int(left.error_code)
    finally:
        await client.close()
