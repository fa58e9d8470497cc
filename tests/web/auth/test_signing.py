"""Signatures: Binance's own examples, and whatever bytes a client could sign."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from web.auth.signing import is_signed_by, sign, signed_payload, timestamp_ms

# Published with Binance's documents.
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ASCII_SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
FULL_WIDTH_SIGNATURE = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"
FULL_WIDTH_DIGITS = "".join(chr(0xFF10 + digit) for digit in range(1, 7))


def _order(symbol: str) -> bytes:
    return urlencode(
        {
            "symbol": symbol,
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "1",
            "price": "0.1",
            "recvWindow": "5000",
            "timestamp": "1499827319559",
        }
    ).encode()


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [("LTCBTC", ASCII_SIGNATURE), (FULL_WIDTH_DIGITS, FULL_WIDTH_SIGNATURE)],
)
def test_binances_own_examples(symbol: str, signature: str) -> None:
    payload = _order(symbol)

    assert sign(SECRET, payload) == signature
    assert is_signed_by(SECRET, payload, signature)
    assert is_signed_by(SECRET, payload, signature.upper())
    assert signed_payload(payload + b"&signature=" + signature.encode(), b"") == payload
    assert signed_payload(b"", payload + b"&signature=" + signature.encode()) == payload


def test_the_example_that_is_split_between_query_and_body() -> None:
    # «There is no & between the two», say Binance's documents.
    query, body = b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC", b"quantity=1&price=0.1"

    signature = sign(SECRET, query + body)

    assert signed_payload(query, body + b"&signature=" + signature.encode()) == query + body


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "é" * 64,
        "\udcff" * 64,
        # Of two of these the lower case is a letter of ASCII.
        "\u212a" * 64,
        "g" * 64,
        # bytes.fromhex reads over spaces.
        ASCII_SIGNATURE[:-1] + " ",
        f" {ASCII_SIGNATURE}",
        f"{ASCII_SIGNATURE}\n",
        ASCII_SIGNATURE[:-2],
        f"{ASCII_SIGNATURE}00",
        "\uff11" * 64,
    ],
)
def test_what_is_no_signature_is_wrong_and_breaks_nothing(signature: str) -> None:
    assert not is_signed_by(SECRET, _order("LTCBTC"), signature)


NAMES = st.sampled_from(
    ["symbol", "side", "quantity", "timestamp", "recvWindow", "a", "signatures"]
)
VALUES = st.text(max_size=12)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
SECRETS = st.text("abcXYZ019", min_size=1, max_size=64)


def _encoded(pairs: list[tuple[str, str]]) -> list[bytes]:
    return [f"{name}={quote(value, safe='')}".encode() for name, value in pairs]


@given(query=PAIRS, body=PAIRS, secret=SECRETS, place=st.data())
def test_what_a_client_signs_is_accepted_wherever_it_puts_the_signature(
    query: list[tuple[str, str]], body: list[tuple[str, str]], secret: str, place: st.DataObject
) -> None:
    parts = _encoded(query), _encoded(body)
    signature = sign(secret, b"&".join(parts[0]) + b"&".join(parts[1]))
    carrier = parts[place.draw(st.integers(0, 1), label="in the body")]
    at = place.draw(st.integers(0, len(carrier)), label="position")
    carrier.insert(at, f"signature={signature}".encode())

    received = signed_payload(b"&".join(parts[0]), b"&".join(parts[1]))

    assert is_signed_by(secret, received, signature)


@given(payload=st.binary(max_size=80), body=st.binary(max_size=80), secret=SECRETS)
def test_any_bytes_are_signed_as_they_came(payload: bytes, body: bytes, secret: str) -> None:
    assume(b"signature=" not in payload + body)

    assert signed_payload(payload, body) == payload + body
    assert is_signed_by(secret, payload + body, sign(secret, payload + body))


@given(
    query=PAIRS.filter(bool),
    secret=SECRETS,
    at=st.integers(min_value=0),
    other=st.integers(min_value=1, max_value=255),
    in_body=st.booleans(),
)
@example(query=[("a", "")], secret="a", at=0, other=1, in_body=False)
def test_no_changed_byte_is_accepted(
    query: list[tuple[str, str]], secret: str, at: int, other: int, in_body: bool
) -> None:
    payload = b"&".join(_encoded(query))
    signature = sign(secret, payload)
    changed = bytearray(payload + b"&signature=" + signature.encode())
    changed[at % len(payload)] ^= other

    received = bytes(changed)
    payload_received = signed_payload(*((b"", received) if in_body else (received, b"")))

    assert not is_signed_by(secret, payload_received, signature)


@given(payload=st.binary(min_size=1, max_size=80), secret=SECRETS, at=st.integers(0, 63))
def test_no_changed_signature_is_accepted(payload: bytes, secret: str, at: int) -> None:
    signature = sign(secret, payload)
    digit = "0" if signature[at] != "0" else "1"

    assert not is_signed_by(secret, payload, signature[:at] + digit + signature[at + 1 :])


@pytest.mark.parametrize(
    ("timestamp", "milliseconds"),
    [
        (1_499_827_319_559, 1_499_827_319_559),
        (1_499_827_319_559_123, 1_499_827_319_559),
        (99_999_999_999_999, 99_999_999_999_999),
        (100_000_000_000_000, 100_000_000_000),
        (0, 0),
    ],
)
def test_timestamps_are_milliseconds_or_microseconds(timestamp: int, milliseconds: int) -> None:
    assert timestamp_ms(timestamp) == milliseconds
