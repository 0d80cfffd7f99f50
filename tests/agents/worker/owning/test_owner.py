"""A worker is a member that may write from its seek on, not before: until then it has no offset to fence with."""

import asyncio
from types import SimpleNamespace

from faust.types import TP

from agents.metrics import Metrics
from agents.transport.membership import Membership
from agents.worker.owning.held import Held
from agents.worker.owning.owner import Owner
from streams.params import Brands, Params
from streams.partition import Partition

WHO = Membership("g", 1, "m", "i")
BRANDS = Brands({}, Params())


def test_a_worker_writes_nothing_before_its_seek() -> None:
    flush = SimpleNamespace(changed=asyncio.Event())
    owner = Owner(SimpleNamespace(), BRANDS, 1, {}, flush, Metrics(["weibo"]), {})  # type: ignore[arg-type]
    owner.take({TP("likes", 0)}, WHO)
    owner.held[0] = Held(0, Partition(BRANDS, 0, 1), 0.0)
    owner.is_ready = True  # restored
    assert owner.member() is None
    owner.sought({TP("likes", 0): 0, TP("likes", 9): 4})
    assert owner.member() == WHO
    assert owner.held[0].applied == {TP("likes", 0): 0}
    assert flush.changed.is_set()


def test_a_worker_without_partitions_needs_no_seek() -> None:
    owner = Owner(SimpleNamespace(), BRANDS, 1, {}, SimpleNamespace(), Metrics(["weibo"]), {})  # type: ignore[arg-type]
    owner.take(set(), WHO)
    owner.is_ready = True
    assert owner.member() == WHO
