"""What names an episode of a flag, in both fan-scores and fan-flags."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from schemas.row import Bytes

ID_SIZE = 16  # hexadecimal digits


def flag_id(key: bytes, kind: str, since: int) -> bytes:
    """Return the id of an episode that began at ``since``, ms: the same after every replay.

    >>> flag_id(b"miot:weibo:123", "churn", 1732180000000)
    b'35d3b906fc051ab1'
    """
    return blake2b(b"%b|%b|%d" % (key, kind.encode(), since), digest_size=ID_SIZE // 2).hexdigest().encode()


def flag_ids(keys: Iterable[bytes], kinds: Iterable[str], since: Iterable[int]) -> Bytes:
    """Return the ids of some episodes end to end, uint8[16 n]."""
    return np.frombuffer(b"".join(map(flag_id, keys, kinds, since)), np.uint8)
