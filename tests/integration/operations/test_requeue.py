"""`dlq requeue` on a real Kafka: killed anywhere nothing is lost or doubled, reasons apart, bounded in memory."""

import asyncio
import gc
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from kafka import TopicPartition
from kafka.admin import OffsetSpec

from agents.errors import Exit, FanpulseError
from agents.kafka.connection import admin
from agents.kafka.offsets import offsets
from agents.kafka.publish import KeyedRecord, key_hash
from agents.kafka.transactions import TransactionalPublisher, Window
from schemas.dead_letters import Refusal, RefusalKind, headers
from tests.support.calling import call
from tests.support.installation import Installation, fresh
from tests.support.processes import Processes, Running, until
from tests.support.reading import read

PARTITIONS = 4
MANY = 20_000
# A `fanpulse` command, and then the most memory that its process had, MB; ru_maxrss would begin with its parent's.
PEAK = """
from pathlib import Path
from agents.cli.main import cli
cli(prog_name="fanpulse", standalone_mode=False)
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


def refuse(installation: Installation, n: int, reason: Callable[[int], str] = lambda _: "event_time is ahead") -> None:
    """Write dead letters of likes, each with its own value."""
    settings = installation.settings()
    producer = Producer({"bootstrap.servers": settings.broker, "linger.ms": 50})
    for i in range(n):
        key = b"miot:%d" % (i % 300)
        at, refusal = key_hash(key) % PARTITIONS, Refusal(RefusalKind.FUTURE, reason(i))
        result = headers(settings.names.leading_input, 0, i, refusal)
        producer.produce(settings.names.dead_letters, b"%d" % i, key, at, headers=[*result])
        producer.poll(0)
    assert producer.flush(30) == 0


def requeued(installation: Installation) -> list[int]:
    settings = installation.settings()
    return [int(record.value or b"") for record in read(settings.broker, settings.names.leading_input)]


def requeue(installation: Installation, *words: str) -> dict[str, int]:
    result = call(installation, "dlq", "requeue", *words, "--json")
    assert result.code == Exit.OK, result.err
    return result.fields


def test_killed_anywhere_each_is_sent_once(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    refuse(installation, MANY)
    settings = installation.settings()
    likes = [TopicPartition(settings.names.leading_input, n) for n in range(PARTITIONS)]
    kills = 0
    with admin(settings) as client:
        for share in (0.05, 0.4, 0.7):
            running = processes.command("dlq", "requeue")

            def has_sent(running: Running = running, enough: float = share * MANY) -> bool:
                """Count records of an open transaction too."""
                return not running.child.is_running or sum(offsets(client, likes, OffsetSpec.LATEST).values()) > enough

            until(has_sent, 60, running.words)
            kills += running.child.is_running
            running.kill()
    assert kills, "it was never killed while it sent"
    before = len(requeued(installation))
    assert requeue(installation) == {"sent": MANY - before}
    assert sorted(requeued(installation)) == list(range(MANY))
    assert requeue(installation) == {"sent": 0}


def test_a_reason_leaves_the_others_to_later_calls(installation: Installation) -> None:
    installation.create_topics()
    reasons = ("another partition", "missing required field 'brand_id'", "JSON is malformed")
    refuse(installation, 90, lambda i: reasons[i % 3])
    assert requeue(installation, "--reason", "partition", "--dry-run") == {"would_send": 30, "other_reasons": 60}
    assert requeue(installation, "--reason", "partition") == {"sent": 30, "other_reasons": 60}
    assert requeue(installation, "--reason", "partition") == {"sent": 0, "other_reasons": 60}
    assert requeue(installation, "--reason", "no such reason") == {"sent": 0, "other_reasons": 60}
    assert requeue(installation, "--reason", "missing required") == {"sent": 30, "other_reasons": 30}
    assert requeue(installation) == {"sent": 30}
    assert sorted(requeued(installation)) == list(range(90))
    assert requeue(installation) == {"sent": 0}
    assert requeue(installation, "--all", "--reason", "malformed") == {"sent": 30, "other_reasons": 60}
    assert requeue(installation) == {"sent": 0}, "--all takes nothing back that was sent"
    assert Counter(Counter(requeued(installation)).values()) == {1: 60, 2: 30}


def test_dead_letters_keep_the_order_of_their_partition(installation: Installation) -> None:
    installation.create_topics()
    refuse(installation, 3_000)
    assert requeue(installation) == {"sent": 3_000}
    settings = installation.settings()
    by_partition: dict[int, list[int]] = {}
    for record in read(settings.broker, settings.names.leading_input):
        by_partition.setdefault(record.partition, []).append(int(record.value or b""))
    assert len(by_partition) == PARTITIONS
    assert all(numbers == sorted(numbers) for numbers in by_partition.values())


def test_a_second_call_ends_the_first(installation: Installation, caplog: pytest.LogCaptureFixture) -> None:
    installation.create_topics()
    settings = installation.settings()

    async def scene() -> None:
        counts, group = dict.fromkeys(settings.names.inputs, PARTITIONS), f"{settings.group}-requeue"
        async with TransactionalPublisher(settings, counts, group) as first:
            refuse(installation, 10)
            assert await asyncio.to_thread(requeue, installation) == {"sent": 10}
            with pytest.raises(FanpulseError, match="another call of this command"):
                await first.write(Window([KeyedRecord(settings.names.leading_input, b"k", b"11")], {}))

    asyncio.run(scene())
    gc.collect()
    assert not [record.message for record in caplog.records if record.name == "asyncio"], "an error nobody looked at"
    assert sorted(requeued(installation)) == list(range(10))


def test_memory_does_not_grow_with_the_number_of_dead_letters(installation: Installation) -> None:
    # Measured: 63 MB for 8,000, 78 MB for 60,000. All 60,000 in memory took 43 MB more than none.
    peaks = []
    for number, n in enumerate((8_000, 60_000)):
        one = fresh(
            installation.directory, installation.given["BROKER"], GROUP=f"{installation.given['GROUP']}-{number}"
        )
        one.create_topics()
        refuse(one, n)
        command = [sys.executable, "-c", PEAK, "dlq", "requeue"]
        done = subprocess.run(command, env=one.environ(), capture_output=True, text=True, timeout=60, check=True)
        sent, peak_mb = (int(line.split()[-1]) for line in done.stdout.splitlines())
        assert sent == n
        peaks.append(peak_mb)
    assert peaks[1] - peaks[0] < 25, peaks
