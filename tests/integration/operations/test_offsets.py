"""Committed offsets set by hand, and `fanpulse offsets skip`, on a real Kafka: events count once, or are skipped."""

import json

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from agents.errors import Exit
from agents.kafka.connection import admin
from agents.kafka.offsets import members
from agents.kafka.publish import key_hash
from schemas.inputs.likes import LIKES
from tests.integration.doctor.asking import ask, finding
from tests.support.calling import call
from tests.support.installation import Installation
from tests.support.processes import Processes, Running, until
from tests.support.reading import last_views, read

FAN = "miot:f"
PARTITION = key_hash(FAN.encode()) % 4
WAIT_S = 30.0


def publish(installation: Installation, begin: int, end: int, topic: str = "likes", **fields: object) -> None:
    """Publish events of one fan; without other inputs, an event's number is its offset."""
    event = {"topic": topic, "brand_id": "miot", "fan_id": "f", "platform": "weibo", "event_time": 1, **fields}
    lines = [json.dumps({**event, "event_id": f"{topic}-{i}"}) for i in range(begin, end)]
    assert call(installation, "load", "-", given="\n".join(lines)).code == Exit.OK


def counts(installation: Installation) -> dict[str, int]:
    settings = installation.settings()
    counts: dict[str, int] = last_views(read(settings.broker, settings.names.fan_scores)).get(FAN, {}).get("counts", {})
    return {name: n for name, n in counts.items() if n}


def stop(installation: Installation, worker: Running) -> None:
    """Stop a worker, and wait until its session is over."""
    assert worker.terminate() == Exit.OK, worker.words()
    settings = installation.settings()
    with admin(settings) as client:
        until(lambda: members(client, settings.group) == 0, WAIT_S, "the group has no members")


def start(worker: Running) -> None:
    worker.start()
    worker.wait_ready()


def set_by_hand(installation: Installation, offset: int) -> None:
    """Do what kafka-consumer-groups.sh --reset-offsets does."""
    settings = installation.settings()
    with admin(settings) as client:
        at = TopicPartition(settings.names.of(LIKES), PARTITION)
        client.alter_group_offsets(settings.group, {at: OffsetAndMetadata(offset, "", -1)})


def row(installation: Installation) -> dict[str, object]:
    likes = installation.settings().names.of(LIKES)
    rows = call(installation, "offsets", "show", "--json").rows
    (found,) = [one for one in rows if (one["topic"], one["partition"]) == (likes, PARTITION)]
    return found


def expect(installation: Installation, wanted: dict[str, int]) -> None:
    until(lambda: counts(installation) == wanted, WAIT_S, lambda: f"counted {counts(installation)}, not {wanted}")


def test_offsets_set_by_hand_move_no_worker(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    publish(installation, 0, 10)
    worker = processes.worker()
    expect(installation, {"like": 10})
    stop(installation, worker)
    assert row(installation).items() >= {"applied": 10, "committed": 10, "end": 10, "note": ""}.items()
    for by_hand, total in ((3, 15), (18, 20)):  # back, and forward
        publish(installation, total - 5, total)
        set_by_hand(installation, by_hand)
        applied = total - 5
        note = f"committed was set by hand: no effect, workers continue at {applied}"
        assert row(installation).items() >= {"applied": applied, "committed": by_hand, "note": note}.items()
        found = finding(
            ask(installation), "offsets", "warn", f"was set to {by_hand}, and workers continue at {applied}"
        )
        assert "fanpulse offsets skip" in found["remedy"]
        start(worker)
        expect(installation, {"like": total})
        stop(installation, worker)
        assert f"committed offset is {by_hand}, the rows contain everything before {applied}" in worker.words()
        assert row(installation).items() >= {"applied": total, "committed": total, "note": ""}.items()


def test_what_is_skipped_is_not_counted_and_nothing_else_is_lost(
    installation: Installation, processes: Processes
) -> None:
    installation.create_topics()
    settings = installation.settings()
    publish(installation, 0, 10)
    publish(installation, 0, 2, "comments", sentiment=0.5)
    worker = processes.worker()
    expect(installation, {"like": 10, "comment": 2})
    skip = ("offsets", "skip", "likes", str(PARTITION), "--to")
    refused = call(installation, *skip, "10")
    assert (refused.code, "stop all workers" in refused.err) == (Exit.FAILED, True), refused.err
    stop(installation, worker)
    publish(installation, 10, 15)
    publish(installation, 2, 4, "comments", sentiment=0.5)
    back, beyond = call(installation, *skip, "9"), call(installation, *skip, "16")
    assert (back.code, "fanpulse replay" in back.err) == (Exit.CONFIG, True)
    assert (beyond.code, "beyond the end 15" in beyond.err) == (Exit.CONFIG, True)
    assert call(installation, *skip, "13", "--dry-run", "--json").fields["offsets"] == 3
    assert row(installation)["applied"] == 10
    done = call(installation, *skip, "13", "--json")
    assert done.code == Exit.OK, done.err
    assert done.fields == {
        "topic": settings.names.of(LIKES),
        "partition": PARTITION,
        "begin": 10,
        "end": 13,
        "offsets": 3,
    }
    assert row(installation).items() >= {"applied": 13, "committed": 13, "note": ""}.items()
    (dead_letter,) = read(settings.broker, settings.names.dead_letters)
    assert (dead_letter.partition, dead_letter.key, dead_letter.value) == (PARTITION, None, None)
    assert dead_letter.headers == {
        "topic": settings.names.of(LIKES),
        "partition": str(PARTITION),
        "offset": "10",
        "reason": "skipped by hand: offsets 10 to 12",
        "kind": "skipped",
    }
    start(worker)
    expect(installation, {"like": 12, "comment": 4})
    # Corrected and sent again, they count: their ids were not taken for known ones. The others are duplicates.
    publish(installation, 8, 15)
    expect(installation, {"like": 15, "comment": 4})
    stop(installation, worker)
    assert counts(installation) == {"like": 15, "comment": 4}
