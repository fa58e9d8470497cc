"""Listen keys that clients name: those that are made up cost no more than one look."""

import asyncio

from tests.web.memory_keys import MemoryKeys
from tests.web.standing_gateway import standing_gateway
from web.userdata.listen_key_channels import ListenKeyChannels
from web.userdata.listen_keys import MemoryListenKeys, new_listen_key


class _Counted(MemoryListenKeys):
    """Counts how often it is asked whose a key is."""

    asked = 0

    async def account_of(self, listen_key: str) -> str | None:
        self.asked += 1
        return await super().account_of(listen_key)


def test_looks_for_no_more_keys_when_one_is_nobodys() -> None:
    async def play() -> None:
        gateway, keys = standing_gateway(MemoryKeys()), _Counted(60.0)
        channels = ListenKeyChannels(gateway.fanout, keys, gateway.user_data)
        own = await keys.open("alice")
        keys.asked = 0
        made_up = [new_listen_key() for _ in range(500)]

        assert await channels.look_up(["btcusdt@trade", own]) == ({own: "alice"}, "")
        assert await channels.look_up([own, *made_up]) == ({own: "alice"}, made_up[0])
        assert keys.asked == 3

    asyncio.run(play())
