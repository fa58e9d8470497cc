"""Probes of dependencies: asked together, once a second, and never for longer."""

import asyncio

from web.health.probes import Condition, Probes


async def up() -> Condition:
    return Condition(True, {"lag": 3})


async def down() -> Condition:
    return Condition(False)


async def raising() -> Condition:
    raise OSError("no route")


async def hanging() -> Condition:
    await asyncio.Event().wait()
    return Condition(True)


def test_is_not_ready_before_it_was_asked() -> None:
    probes = Probes()
    probes.add("feed", up)

    assert not probes.is_ready
    asyncio.run(probes.ask())
    assert probes.is_ready


def test_what_is_not_needed_may_be_down() -> None:
    async def play() -> None:
        probes = Probes()
        probes.add("feed", up)
        probes.add("redis", down, is_needed=False)
        await probes.ask()

        assert probes.is_ready
        shown = probes.as_json()
        assert shown["redis"]["status"] == "down"
        assert (shown["feed"]["status"], shown["feed"]["lag"]) == ("up", 3)

    asyncio.run(play())


def test_whatever_raises_or_hangs_is_down_and_says_why() -> None:
    async def play() -> None:
        probes = Probes()
        for name, probe in (("raises", raising), ("hangs", hanging), ("is up", up)):
            probes.add(name, probe)
        async with asyncio.timeout(10):
            await probes.ask()

        assert not probes.is_ready
        shown = probes.as_json()
        assert shown["raises"] == {"status": "down", "needed": True, "error": "no route"}
        assert shown["hangs"]["error"] == "no answer within 1 s"
        assert shown["is up"]["status"] == "up"

    asyncio.run(play())


def test_many_who_ask_at_once_ask_once() -> None:
    async def play() -> None:
        asked = 0

        async def counted() -> Condition:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return Condition(True)

        probes = Probes()
        probes.add("counted", counted)
        await asyncio.gather(*(probes.ask() for _ in range(20)))
        await probes.ask()

        assert asked == 1

    asyncio.run(play())
