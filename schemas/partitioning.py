"""Which partition a key belongs to."""

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's own clients choose for a key (murmur2, the sign bit dropped)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Kafka's hash of a key, as an unsigned 32-bit number."""
    length = len(data)
    digest = (0x9747B28C ^ length) & _MASK
    whole = length & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little")
        word = (word * _MULTIPLIER) & _MASK
        word ^= word >> 24
        word = (word * _MULTIPLIER) & _MASK
        digest = ((digest * _MULTIPLIER) & _MASK) ^ word
    if length & 3:
        digest ^= int.from_bytes(data[whole:], "little")
        digest = (digest * _MULTIPLIER) & _MASK
    digest ^= digest >> 13
    digest = (digest * _MULTIPLIER) & _MASK
    return digest ^ (digest >> 15)
