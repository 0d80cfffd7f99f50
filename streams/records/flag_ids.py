"""What names an episode, and which flags stand: of both fan-scores and fan-flags."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from schemas.fan import Fan, Life
from schemas.layout import Bytes, Ints
from streams.columns import Columns
from streams.compiled import compiled
from streams.state.index import Index

KINDS = ["tier", "churn", "negative"]  # the order of ``Flag``
ID = 16  # hexadecimal digits


def flag_id(key: bytes, kind: str, since: int) -> bytes:
    """Return the id of an episode: the same after every replay.

    >>> flag_id(b"miot:weibo:123", "churn", 1732180000000)
    b'35d3b906fc051ab1'
    """
    return blake2b(b"%b|%b|%d" % (key, kind.encode(), since), digest_size=ID // 2).hexdigest().encode()


def flag_ids(keys: Iterable[bytes], kinds: Iterable[str], since: Iterable[int]) -> Bytes:
    """Return the ids of some episodes end to end."""
    return np.frombuffer(b"".join(map(flag_id, keys, kinds, since)), np.uint8)


@compiled
def stands(f: Fan) -> tuple[bool, bool]:
    """Return whether a fan is leaving, and whether he is angry."""
    return f.life == Life.AT_RISK or f.life == Life.CHURNED, f.is_negative > 0  # noqa: PLR1714  numba has no sets of enums


@compiled
def find_standing(t: Columns, picked: Ints, found: Ints) -> int:
    """Write row, kind and start of each standing flag, in order; return how many there are."""
    n = 0
    for row in picked:
        f: Fan = t.rows[row]
        leaves, is_angry = stands(f)
        if leaves:
            found[0, n], found[1, n], found[2, n] = row, 1, f.churn_from
            n += 1
        if is_angry:
            found[0, n], found[1, n], found[2, n] = row, 2, f.negative_since
            n += 1
    return n


def standing(t: Columns, picked: Ints, index: Index) -> Bytes:
    """Return the ids of the picked rows' standing flags, end to end; of one row, churn goes before negative."""
    found = np.empty((3, 2 * len(picked)), np.int64)
    rows, kinds, since = found[:, : find_standing(t, picked, found)]
    return flag_ids(index.keys(rows), [KINDS[kind] for kind in kinds.tolist()], since.tolist())
