from collections.abc import Mapping
from typing import Any

from schemas.compiled import Decode, Encode

class Encoder:
    def __init__(self, plan: tuple[Any, ...], header: bytes, careful: Encode, /) -> None: ...
    def __call__(self, record: Mapping[str, Any], /) -> bytes: ...

class Decoder:
    def __init__(
        self, plan: tuple[Any, ...], name: str, header_bytes: int, careful: Decode, /
    ) -> None: ...
    def __call__(self, data: bytes, /) -> tuple[str, dict[str, Any]]: ...
