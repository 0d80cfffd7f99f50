"""Real histories as JSONL for `fanpulse load`: whole fans, several sets mixed, some lines sent twice."""

import csv
import gzip
import json
import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zlib import crc32

from tests.integration.oracle.replay import TOPICS, Line, key_of
from tests.needed import need
from tests.support.bots import bots

DATA = Path(__file__).parents[3] / "shared" / "data"
OWN_BRAND = 500  # a Twitter account that drew so many acts is a brand of its own, all others are one brand
SAMPLE = {"higgs": 0.05, "mall": 0.2, "airline": 1.0, "bots": 1.0}  # the share of each set's fans
WHOLE = dict.fromkeys(SAMPLE, 1.0)
TWICE, APART = 0.05, 3  # the share of lines sent again, and behind how many lines of their topic at most


def chance(*what: object) -> float:
    """Return a number in 0..1 that depends on nothing but ``what``.

    >>> chance("e1") == chance("e1") != chance("e2")
    True
    """
    return crc32("|".join(map(str, what)).encode()) / 2**32


def rows(name: str) -> IO[str]:
    """Open a set's file."""
    need(DATA.is_dir(), "the data sets are missing: they lie next to the checkout, in ../shared/data")
    return gzip.open(DATA / name, "rt", encoding="utf-8", newline="")


def line(topic: str, kind: str, event_id: str, fan: tuple[str, str, str], at: int, **more: object) -> Line:
    """Return one line; some fans come for prizes alone, the others now and then."""
    brand, name, platform = fan
    is_paid = chance(brand, name, "hunter") < 0.1 or chance(event_id, "prize") < 0.05
    fields: Line = {"topic": topic, "type": kind, "event_id": event_id, "brand_id": brand, "fan_id": name}
    fields |= {"platform": platform, "event_time": at, "incentivized": is_paid} | more
    if chance(event_id, "spare") < 0.1:  # unknown fields are ignored, absent types are the topic's own
        fields["shop_floor"] = {"level": 2, "tags": ["赠品", None]}
        if kind in {"like", "repost", "comment", "purchase"}:
            del fields["type"]
    return fields


def higgs() -> Iterator[Line]:
    """Yield reposts and comments around 2012-07-04; in a brand of its own the previous reposter is the parent."""
    name = "events/higgs-activity_time.txt.gz"
    with rows(name) as file:
        drawn = Counter(row.split()[1] for row in file)
    newest: dict[str, str] = {}
    with rows(name) as file:
        for n, row in enumerate(file):
            who, whom, seconds, kind = row.split()
            event_id, at = f"hg-{n}", int(seconds) * 1000
            is_own = drawn[whom] >= OWN_BRAND
            fan = (f"tw-{whom}" if is_own else "higgs", f"tw:{who}", "twitter")
            if kind == "RT":
                parent = newest.get(whom, f"tw:{whom}") if is_own else f"tw:{whom}"
                newest[whom] = f"tw:{who}"
                kind = "show" if chance(event_id, "show") < 0.1 else "repost"
                yield line("reposts", kind, event_id, fan, at, parent_fan_id=parent, depth=1 + n % 4)
            else:
                kind = "mention" if kind == "MT" else "review" if chance(event_id, "review") < 0.1 else "comment"
                yield line("comments", kind, event_id, fan, at, sentiment=round(2 * chance(event_id, "mood") - 1, 3))


def mall() -> Iterator[Line]:
    """Yield ratings as likes (and unlikes) and purchases of the same people; neither file is in the order of time."""
    with rows("events/movielens_100k.tsv.gz") as ratings, rows("churn/cdnow_master.txt.gz") as orders:
        next(orders)
        yield from _shuffled([_likes(ratings), _purchases(orders)], seed=1)


def _likes(file: Iterable[str]) -> Iterator[Line]:
    for n, row in enumerate(file):
        user, item, rating, seconds = row.split()
        if rating in "451":
            fan = ("mall", f"mall:{user}", "tmall")
            yield line(
                "likes", "unlike" if rating == "1" else "like", f"ml-{n}", fan, int(seconds) * 1000, post_id=item
            )


def _purchases(file: Iterable[str]) -> Iterator[Line]:
    for n, row in enumerate(file):
        customer, date, cds, dollars = row.split()
        event_id, day = f"cd-{n}", datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
        at = int(day.timestamp() * 1000) + int(chance(event_id, "hour") * 86_400_000)
        order = {"order_id": event_id, "amount_minor": round(float(dollars) * 100), "currency": "USD"}
        kind = "purchase" if order["amount_minor"] else "refund"
        fan = ("mall", f"mall:{int(customer)}", "offline")
        yield line("purchases", kind, event_id, fan, at, quantity=max(1, int(cds)), **order)


def airline() -> Iterator[Line]:
    """Yield complaints, newest first as the file has them, with their true labels as sentiment."""
    sentiments = {"negative": -0.8, "neutral": 0.0, "positive": 0.8}
    with rows("events/airline_tweets.csv.gz") as file:
        for n, row in enumerate(csv.DictReader(file)):
            fan = (row["brand"].replace(" ", "-").lower(), f"tw:{row['user']}", "twitter")
            fields = {"sentiment": sentiments[row["sentiment"]], "text": row["text"], "lang": "en"}
            yield line("comments", "comment", f"al-{n}", fan, int(row["created_unix"]) * 1000, **fields)


SETS = {"higgs": higgs, "mall": mall, "airline": airline, "bots": bots}


def mixed(shares: Mapping[str, float], seed: int = 7) -> Iterator[Line]:
    """Yield a share of the fans of each set, each fan whole, with some lines sent twice; every set keeps its order."""
    yield from twice(_shuffled([_whole_fans(name, share) for name, share in shares.items()], seed), seed)


def _whole_fans(name: str, share: float) -> Iterator[Line]:
    return (one for one in SETS[name]() if chance(key_of(one), "sample") < share)


def _shuffled(sources: list[Iterator[Line]], seed: int) -> Iterator[Line]:
    """Mix sources by taking short runs of each, until the last one ends."""
    rng, waiting = random.Random(seed), list(sources)
    while waiting:
        source = rng.choice(waiting)
        for _ in range(rng.randint(1, 8)):
            one = next(source, None)
            if one is None:
                waiting.remove(source)
                break
            yield one


def twice(lines: Iterable[Line], seed: int) -> Iterator[Line]:
    """Send some lines again, a few lines of their topic later."""
    rng = random.Random(seed)
    again: dict[str, deque[tuple[int, Line]]] = {topic: deque() for topic in TOPICS}
    for one in lines:
        yield one
        waiting = again[one["topic"]]
        for _ in range(len(waiting)):
            left, repeat = waiting.popleft()
            if left == 0:
                yield repeat
            else:
                waiting.append((left - 1, repeat))
        if rng.random() < TWICE:
            waiting.append((rng.randrange(APART), one))
    yield from (repeat for waiting in again.values() for _, repeat in waiting)


def write(lines: Iterable[Line], path: Path) -> None:
    """Write lines as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)
