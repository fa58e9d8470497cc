"""A key has one partition, whoever produces it: murmur2, as the Java client computes it."""

import pytest
from confluent_kafka import murmur2

from streams.transport import TransportSettings


def java_murmur2(data: bytes) -> int:
    """``org.apache.kafka.common.utils.Utils.murmur2``, word by word."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def java_partition(key: bytes, partitions: int) -> int:
    """Where the Java client's default partitioner puts a key."""
    return (java_murmur2(key) & 0x7FFFFFFF) % partitions


# Kafka's own UtilsTest.testMurmur2.
VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "hashed"), VECTORS.items())
def test_kafka_s_own_vectors(key: bytes, hashed: int) -> None:
    assert java_murmur2(key) == hashed & 0xFFFFFFFF
    for partitions in (1, 4, 10, 97):
        assert murmur2(key, partitions) == java_partition(key, partitions)


def test_the_producer_is_told_to_partition_so() -> None:
    settings = TransportSettings(bootstrap="b", group="g")

    assert settings.producer()["partitioner"] == "murmur2_random"
