"""Record headers come back as they went, and nothing in them can do harm."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.headers import Actor, RecordHeaders

TEXT = st.text(st.characters(codec="utf-8"))
ACTORS = st.builds(Actor, TEXT, TEXT, TEXT)
HEADERS = st.builds(
    RecordHeaders, TEXT, TEXT, ACTORS, st.none() | st.integers(-(1 << 62), (1 << 62))
)


@given(ACTORS)
def test_an_actor_comes_back(actor: Actor) -> None:
    assert Actor.from_text(actor.to_text()) == actor


@given(HEADERS)
def test_headers_come_back(headers: RecordHeaders) -> None:
    assert RecordHeaders.from_headers(headers.to_headers()) == headers


@given(
    st.none()
    | st.lists(
        st.tuples(
            st.sampled_from(["correlation-id", "causation-id", "actor", "event-time", "other"]),
            st.none() | TEXT | st.binary(),
        )
    )
)
def test_any_headers_can_be_read(headers: list[tuple[str, str | bytes | None]] | None) -> None:
    read = RecordHeaders.from_headers(headers)
    assert RecordHeaders.from_headers(read.to_headers()) == read


def test_the_forms_on_the_wire() -> None:
    headers = RecordHeaders("req-1", "orders.incoming/0/7", Actor("ann", "s;1", "10%"), 1234)
    assert headers.to_headers() == [
        ("correlation-id", b"req-1"),
        ("causation-id", b"orders.incoming/0/7"),
        ("actor", b"ann;s%3B1;10%25"),
        ("event-time", b"1234"),
    ]
    assert RecordHeaders.from_headers(None) == RecordHeaders()
    assert RecordHeaders.from_headers([("actor", b"ann")]).actor == Actor("ann")
    assert RecordHeaders.from_headers([("event-time", b"soon")]).event_time_ms is None
