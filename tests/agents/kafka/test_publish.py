"""Keys go where Java's clients put them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.kafka.partitioner import hash_keys
from agents.kafka.publish import key_hash
from streams.wire.hashes import KAFKA_SEED, murmur2

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize("key", JAVA)
def test_a_key_hashes_as_in_java(key: bytes) -> None:
    assert key_hash(key) == hash_keys([key])[0] == JAVA[key] & 0x7FFFFFFF


@given(st.lists(st.binary(max_size=80)))
def test_a_block_of_keys_hashes_as_each_key(keys: list[bytes]) -> None:
    assert hash_keys(keys).tolist() == [key_hash(key) for key in keys]


@pytest.mark.parametrize("key", ["miot:weibo:123", "miot:微博:粉丝", "b:" + "x" * 64])
def test_sender_and_worker_agree_on_the_partition(key: str) -> None:
    raw = key.encode()
    assert key_hash(raw) == int(murmur2(np.frombuffer(raw, np.uint8), 0, len(raw), KAFKA_SEED)) & 0x7FFFFFFF
