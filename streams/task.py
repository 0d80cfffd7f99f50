"""A task: everything that one partition number holds, and how events and time move it. Pure: no Kafka, no clock.

Worker, verify, back-tests and tests all run this (Kafka Streams: StreamTask and TopologyTestDriver).
"""

from typing import NamedTuple, TypeAlias

import numpy as np

from schemas.inputs.declaration import Input
from schemas.outputs.applied_offsets import APPLIED_OFFSETS_KEY, AppliedOffset, AppliedOffsets, decode, encode
from schemas.row import Rows
from streams.decode.decoder import WRONG_PARTITION, DecodedBatch
from streams.dedup.event_hash import Hashes, hash_events, slice_texts
from streams.dedup.window import DedupWindow
from streams.dedup.windows import DedupWindows
from streams.fans.index import OwnedPartition
from streams.fans.model import Model
from streams.fans.params import Brands
from streams.fans.store import CHANGELOG, PUBLISH, PUBLISH_LATER, FanStore
from streams.outputs.flags import json_flags
from streams.outputs.scores import json_scores
from streams.pending import DeadLetter, Keyed, PendingOutput, TakenOutput
from streams.rules.rule import EMITTED, EVENT, TRANSITION, Outcome, Transitions
from streams.wire.records import KEY as KEY_START
from streams.wire.records import KEY_STOP, ByteSlices, Records

DEDUP_IDS = 100_000  # default of FANPULSE_DEDUP_IDS
NO_LIMIT = 1 << 40


TaskColumns: TypeAlias = list[tuple[ByteSlices, ByteSlices]]  # keys and values that share a batch


class Clocks(NamedTuple):
    """What time it is for a task, ms; ``lag`` has the inputs, by number, that are not read to their end."""

    now: int
    lag: frozenset[int] = frozenset()


class Limits(NamedTuple):
    """How much one call may bring."""

    transitions: int = 1_000
    rows: int = NO_LIMIT


class TaskOutput(NamedTuple):
    """What one poll brings for the transaction: lists of keys and values that go into one batch each."""

    scores: TaskColumns
    flags: TaskColumns
    changelogs: dict[str, TaskColumns]  # by store
    attributions: list[tuple[int, Keyed]]  # by partition
    dead_letters: list[DeadLetter]
    dedup: bytes | None


class Task:
    """Lives as long as the partition is assigned."""

    def __init__(
        self, model: Model, brands: Brands, owned: OwnedPartition = (0, 0), dedup_ids: int = DEDUP_IDS
    ) -> None:
        self.model, self.brands, self.owned = model, brands, owned
        self.fans = FanStore(model, brands, owned)
        self.stores = {spec.name: spec.create() for spec in model.stores}
        self.dedup_ids = dedup_ids
        self.dedup = self._empty_windows()
        self.applied: dict[int, int] = {}  # next offset of each input whose effect is not in the rows yet
        self.topic_ids: dict[int, str] = {}
        self.newest_read: dict[int, int] = {}  # event time, ms, of each input
        self.due_fans = 0  # whose timers had passed at the last advance, as far as it looked
        self.pending = PendingOutput()
        self._recorded: dict[int, int] | None = None  # newest record of applied offsets, since this task was assigned
        self._time = np.zeros(1, EVENT)

    def process(self, source: Input, batch: DecodedBatch, next_offset: int, now: int) -> DecodedBatch:
        """Apply a batch of one input, which ends before ``next_offset``; return it with outcomes and rows.

        ``now`` is our clock, ms.
        """
        batch = self._assign_rows(batch)
        events = batch.events
        self._deduplicate(source, batch, now)
        out = Transitions(
            np.empty(self.fans.kernels.max_transitions * len(events), TRANSITION),
            np.zeros(1, np.int64),
            np.zeros(1, EMITTED),
        )
        columns = self.fans.columns
        self.fans.kernels.fold(columns, events, self.brands.rows, out)
        if len(events):
            if source.contributes_to_watermark:
                self.fans.sources.observe(columns.source, events)
            newest = int(events["at"].max())
            self.newest_read[source.number] = max(self.newest_read.get(source.number, 0), newest)
        self.pending.add_transitions(out.rows[: out.n[0]], batch.acts)
        if source.emits_attribution:
            self.pending.add_attributions(batch, self.owned[1])
        self.pending.add_refused(source, batch)
        if self.stores:
            counted = np.flatnonzero((events["outcome"] == Outcome.APPLIED) | (events["outcome"] == Outcome.LATE))
            for store in self.stores.values():
                store.observe(source, [batch.acts[i] for i in counted.tolist()], now)
        self.applied[source.number] = next_offset
        return batch

    def observe_ids(self, source: Input, batch: DecodedBatch, now: int) -> None:
        """Take only the ids of a batch into the dedup window: its events are in the restored rows already."""
        self._deduplicate(source, self._assign_rows(batch), now)

    def new_hashes(self, source: Input, batch: DecodedBatch) -> Hashes:
        """Return the ids of a batch that the dedup window does not know yet, as hashes."""
        if not source.deduplicates or not len(batch.events):
            return np.zeros(0, np.uint64)
        hashes = _hashes(batch)
        return hashes[~self.dedup.windows[source.number].knows(hashes)]

    def advance(self, clocks: Clocks, limits: Limits = Limits()) -> Rows:  # noqa: B008  a frozen value
        """Let time pass: silent fans up to the watermark of their brand, stores up to the service clock.

        Return the transitions; where there are as many as allowed, there may be more.
        """
        lag = {n: self.newest_read.get(n, 0) for n in clocks.lag}
        inputs = self.model.inputs_by_number
        silence = self.fans.sources.clock(
            clocks.now, {n: at for n, at in lag.items() if inputs[n].contributes_to_watermark}
        )
        out = Transitions(
            np.empty(limits.transitions + self.fans.kernels.max_transitions, TRANSITION),
            np.zeros(1, np.int64),
            np.zeros(1, EMITTED),
        )
        due = self.fans.due_rows(silence)
        self.due_fans = len(due)
        self.fans.kernels.fire_timers(self.fans.columns, due, silence, self.brands.rows, self._time, out, limits.rows)
        self.pending.add_transitions(out.rows[: out.n[0]], [])
        self.advance_service(clocks.now, lag)
        return out.rows[: out.n[0]]

    def advance_service(self, now: int, lag: dict[int, int]) -> None:
        """Let the service clock reach ``now``, ms, or the newest event of an input that holds it back by its lag."""
        inputs = self.model.inputs_by_number
        service = min([now, *(at for n, at in lag.items() if inputs[n].holds_service_clock)])
        for store in self.stores.values():
            store.fire_timers(service)

    def has_output(self) -> bool:
        """Return whether a poll would bring more than what may wait."""
        return bool(self.pending) or self.fans.has_changes(PUBLISH)

    def poll_output(self, now: int, limit: int = NO_LIMIT, later: bool = True) -> TaskOutput:
        """Take what there is to write: scores of at most ``limit`` fans, and with ``later`` of those that wait, too.

        Keys and values are views: they must be copied before anything else happens here.
        """
        scores, pending = self._poll_scores(limit, later), self.pending.take()
        return TaskOutput(
            scores=scores,
            flags=self._flags(pending),
            attributions=pending.attributions,
            dead_letters=pending.dead_letters,
            changelogs=self._poll_changelogs(),
            dedup=self.dedup.take_record(self.applied, now),
        )

    def restore(self, store: str, records: Records) -> None:
        """Take back changelog records of a store, in order; of two for one key the later wins.

        Raises:
            ValueError: a record is not one of ours (``OtherVersionError``: another version's).
        """
        if store != self.fans.name:
            for record in records:
                self.stores[store].restore(record.key or b"", record.value)
            return
        sizes = records.slices[KEY_STOP] - records.slices[KEY_START]
        own = [
            i
            for i in np.flatnonzero(sizes == len(APPLIED_OFFSETS_KEY)).tolist()
            if records[i].key == APPLIED_OFFSETS_KEY
        ]
        if own:
            newest = decode(records[own[-1]].value or b"")
            self.applied = {number: applied.offset for number, applied in newest.inputs.items()}
            self.topic_ids = {number: applied.topic_id for number, applied in newest.inputs.items()}
            records = records.pick(np.delete(np.arange(len(records)), own))
        self.fans.restore(records)

    def finish_restore(self) -> None:
        """Derive what is kept next to the restored rows."""
        self.fans.finish_restore()

    def reset_dedup(self) -> None:
        """Begin with empty dedup windows: the log of the old ones is of no use."""
        self.dedup = self._empty_windows()

    def _empty_windows(self) -> DedupWindows:
        inputs = (source for source in self.model.inputs if source.deduplicates)
        return DedupWindows({source.number: DedupWindow(self.dedup_ids, not source.is_required) for source in inputs})

    def _assign_rows(self, batch: DecodedBatch) -> DecodedBatch:
        rows = self.fans.find(batch.accepted().keys())
        batch.events["row"] = rows
        if not len(rows) or rows.min() >= 0:
            return batch
        return batch.keep(rows >= 0, WRONG_PARTITION)

    def _deduplicate(self, source: Input, batch: DecodedBatch, now: int) -> None:
        if source.deduplicates and len(batch.events):
            repeats = self.dedup.observe(source.number, _hashes(batch), now)
            batch.events["outcome"][repeats] = Outcome.DUPLICATE

    def _poll_scores(self, limit: int, later: bool) -> TaskColumns:
        fans = self.fans
        if not fans.has_changes(PUBLISH) and not (later and fans.has_changes(PUBLISH_LATER)):
            return []
        picked = fans.poll_publish(limit, later)
        if not len(picked):  # all that waited were published meanwhile
            return []
        return [(fans.index.texts(picked), json_scores(self.model, fans.columns, picked, self.brands, fans.index))]

    def _flags(self, pending: TakenOutput) -> TaskColumns:
        if not len(pending.transitions):
            return []
        fans, rows = self.fans, pending.transitions["row"].astype(np.int64)
        flags = json_flags(
            self.model.flag_specs, fans.columns.code, pending.transitions, pending.evidence, self.brands, fans.index
        )
        return [(fans.index.texts(rows), flags)]

    def _poll_changelogs(self) -> dict[str, TaskColumns]:
        rows = [self.fans.poll_changelog()] if self.fans.has_changes(CHANGELOG) else []
        found: dict[str, TaskColumns] = {self.fans.name: rows}
        if self.applied and self.applied != self._recorded:
            self._recorded = dict(self.applied)
            offsets = AppliedOffsets(
                {n: AppliedOffset(at, self.topic_ids.get(n, "")) for n, at in self.applied.items()}
            )
            found[self.fans.name].append((ByteSlices.of([APPLIED_OFFSETS_KEY]), ByteSlices.of([encode(offsets)])))
        for name, store in self.stores.items():
            if changes := store.poll_changelog():
                keys, values = zip(*changes, strict=True)
                found[name] = [(ByteSlices.of(list(keys)), ByteSlices.of_nullable(list(values)))]
        return found


def _hashes(batch: DecodedBatch) -> Hashes:
    ids = slice_texts([act.event_id for act in batch.acts])
    return hash_events(batch.accepted().keys(), np.ascontiguousarray(batch.events["kind"]), ids)
