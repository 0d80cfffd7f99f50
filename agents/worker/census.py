"""The census: how many fans of which kind the held partitions have, by brand, for the gauges."""

import numpy as np

from agents.metrics import OTHER, Metrics
from agents.worker.owning.owner import Owner
from schemas.fan import LIVES, TIERS


def count(owner: Owner, metrics: Metrics, now_ms: float) -> None:
    """Set the gauges from the rows, a column at a time."""
    brands = [OTHER, *owner.brands.codes]
    lives, tiers = np.zeros((len(brands), len(LIVES)), np.int64), np.zeros((len(brands), len(TIERS)), np.int64)
    sums, suspects, due = np.zeros(len(brands)), np.zeros(len(brands), np.int64), 0
    for held in list(owner.held.values()):
        fans = held.partition.fans
        rows, code = fans.columns.rows[: len(fans)], fans.columns.code[: len(fans)].astype(np.int64)
        lives += np.bincount(code * len(LIVES) + rows["life"], minlength=lives.size).reshape(lives.shape)
        tiers += np.bincount(code * len(TIERS) + rows["tier"], minlength=tiers.size).reshape(tiers.shape)
        sums += np.bincount(code, rows["score"], len(brands))
        suspects += np.bincount(code[rows["suspect"] > 0], minlength=len(brands))
        due += int((fans.columns.due[: len(fans)] <= now_ms).sum())
    if not owner.held:
        metrics.feed_stale.clear()  # nobody asks a worker without partitions
    for brand in owner.brands.codes if owner.held else ():
        feeds = [held.partition.fans.feeds for held in owner.held.values()]
        metrics.feed_stale.labels(brand).set(all(feed.is_stale(brand, now_ms) for feed in feeds))
    for i, brand in enumerate(brands):
        for life, n in zip(LIVES, lives[i].tolist(), strict=True):
            metrics.fans.labels(brand, life).set(n)
        for tier, n in zip(TIERS, tiers[i].tolist(), strict=True):
            metrics.tiers.labels(brand, tier).set(n)
        metrics.score_sum.labels(brand).set(float(sums[i]))
        metrics.suspects.labels(brand).set(int(suspects[i]))
    metrics.due_fans.set(due)
