"""The outbox beside a plain list."""

from hypothesis import given
from hypothesis import strategies as st

from web.fanout.outbox import Outbox

_BYTES_MAX = 20
_PUTS = st.tuples(
    st.just("put"), st.binary(max_size=9), st.sampled_from([None, "a", "b", ("c", 1)])
)
_TAKES = st.tuples(st.just("take"), st.integers(0, 25), st.none())


class _Twin:
    """Messages with their keys, in order."""

    def __init__(self) -> None:
        self.waiting: list[tuple[object, bytes]] = []

    def put(self, data: bytes, key: object) -> bool:
        kept = [each for each in self.waiting if key is None or each[0] != key]
        if sum(len(each) for _, each in kept) + len(data) > _BYTES_MAX:
            return False
        self.waiting = [*kept, (key, data)]
        return True

    def take(self, bytes_about: int) -> list[bytes]:
        taken: list[bytes] = []
        while self.waiting and sum(map(len, taken)) < bytes_about:
            taken.append(self.waiting.pop(0)[1])
        return taken


@given(st.lists(_PUTS | _TAKES))
def test_does_as_a_list_does(steps: list[tuple[str, bytes | int, object]]) -> None:
    outbox, twin = Outbox(_BYTES_MAX), _Twin()
    for _, value, key in steps:
        if isinstance(value, bytes):
            assert outbox.put(value, key) == twin.put(value, key)
        else:
            assert outbox.take(value) == twin.take(value)
        assert len(outbox) == len(twin.waiting)
        assert outbox.size == sum(len(data) for _, data in twin.waiting) <= _BYTES_MAX
        assert outbox.has("a") == any(key == "a" for key, _ in twin.waiting)


def test_is_empty_when_it_is_cleared() -> None:
    outbox = Outbox(_BYTES_MAX)
    outbox.put(b"first")
    outbox.put(b"second", "a")

    outbox.clear()

    assert (len(outbox), outbox.size, outbox.take(99)) == (0, 0, [])
