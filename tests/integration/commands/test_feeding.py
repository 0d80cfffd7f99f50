"""The commands that send events, on a real Kafka: load and simulate."""

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

from agents.kafka.publish import key_hash
from tests.support.calling import call
from tests.support.installation import Installation
from tests.support.processes import Processes, until
from tests.support.reading import Record, read

N = 30_000
LIKE = {"topic": "likes", "event_id": "e", "brand_id": "miot", "fan_id": "f", "platform": "weibo", "event_time": 1}


def history(n: int) -> list[dict[str, object]]:
    return [
        LIKE | {"topic": ("likes", "reposts")[i % 2], "event_id": f"e{i}", "fan_id": f"weibo:{i % 97}"}
        for i in range(n)
    ]


def by_partition(records: list[Record]) -> dict[int, list[dict[str, object]]]:
    out: dict[int, list[dict[str, object]]] = {}
    for record in records:
        assert record.key is not None
        assert record.partition == key_hash(record.key) % 4
        out.setdefault(record.partition, []).append(record.json())
    return out


def topic(installation: Installation, name: str) -> list[Record]:
    return read(installation.given["BROKER"], installation.given["TOPIC_PREFIX"] + name)


def test_load_sends_every_line_once_in_order_to_its_keys_partition(installation: Installation, tmp_path: Path) -> None:
    installation.create_topics()
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join(map(json.dumps, history(N))))
    result = call(installation, "load", str(file), "--json").fields
    assert (result["sent"], sum(result["topics"].values()), result["bad_lines"]) == (N, N, 0)
    for name in ("likes", "reposts"):
        wanted: dict[int, list[dict[str, object]]] = {}
        for event in history(N):
            if event.pop("topic") == name:
                wanted.setdefault(key_hash(f"miot:{event['fan_id']}".encode()) % 4, []).append(event)
        assert by_partition(topic(installation, name)) == wanted


def test_a_file_with_a_bad_line_sends_nothing(installation: Installation, tmp_path: Path) -> None:
    installation.create_topics()
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join([*map(json.dumps, history(50)), "{", *map(json.dumps, history(50))]))
    result = call(installation, "load", str(file))
    assert result.code == 1
    assert "line 51: not JSON" in result.err
    assert topic(installation, "likes") == []
    assert call(installation, "load", str(file), "--skip-bad", "--json").fields["sent"] == 100


def test_standard_input_is_sent_up_to_its_first_bad_line(installation: Installation) -> None:
    installation.create_topics()
    lines = "\n".join([*map(json.dumps, history(10)), "{", *map(json.dumps, history(10))])
    result = call(installation, "load", "-", given=lines)
    assert result.code == 1
    assert "10 events were sent" in result.err
    assert len(topic(installation, "likes")) + len(topic(installation, "reposts")) == 10


def test_a_rate_is_kept(installation: Installation) -> None:
    installation.create_topics()
    lines = "\n".join(map(json.dumps, history(60)))
    assert call(installation, "load", "-", "--rate", "40", "--json", given=lines).fields["seconds"] >= 1.3


def test_load_asks_for_topics_first(installation: Installation) -> None:
    result = call(installation, "load", "-", given=json.dumps(LIKE))
    assert result.code == 78
    assert "fanpulse topics create" in result.err


def test_a_demo_sends_a_history_and_goes_on_live(installation: Installation) -> None:
    installation.create_topics()
    began = time.time()
    result = call(installation, "simulate", "--fans", "60", "--rate", "100", "--count", "200", "--json").fields
    assert result["live"] == 200
    assert result["history"] > 1_000
    sent = [
        record.json() for name in ("likes", "reposts", "comments", "purchases") for record in topic(installation, name)
    ]
    assert len(sent) == result["history"] + result["live"]
    assert sum(event["event_time"] >= began * 1000 for event in sent) >= 190
    assert len({event["event_id"] for event in sent}) == len(sent)
    assert {event["brand_id"] for event in sent} == {"miot"}


def test_a_second_demo_brings_only_new_leavers(installation: Installation) -> None:
    installation.create_topics()
    first = call(installation, "simulate", "--fans", "60", "--count", "0", "--json").fields
    before = {record.key for record in topic(installation, "likes")}
    second = call(installation, "simulate", "--fans", "60", "--count", "0", "--json").fields
    assert 0 < second["history"] < first["history"] / 5
    fans = Counter(record.key for record in topic(installation, "likes"))
    assert len(set(fans) - before) == 7, "the share of leavers among 60 fans"


def test_a_demo_ends_when_it_is_told_to(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    for number in (signal.SIGINT, signal.SIGTERM):
        demo = processes.command("simulate", "--fans", "20")
        until(lambda demo=demo: "live events follow" in demo.words(), 30, "live")  # type: ignore[misc]
        os.kill(demo.pid, number)
        assert demo.wait_end() == 0
        assert "Traceback" not in demo.words()


def test_a_demo_shows_all_tiers_a_leaver_and_anger_within_90_seconds(
    installation: Installation, processes: Processes
) -> None:
    installation.create_topics()
    processes.worker()
    began = time.time() * 1000
    processes.command("simulate", "--fans", "120")

    def missing() -> set[str]:
        flags = [record.json() for record in topic(installation, "fan-flags")]
        new = {f"{flag['kind']} {flag['state']}" for flag in flags if flag["as_of"] >= began}
        tiers = {record.json()["tier"] for record in topic(installation, "fan-scores")}
        return {"churn at_risk", "negative raised", "tier fan"} - new | {
            f"someone of tier {name}" for name in ("passer-by", "fan", "active", "core") if name not in tiers
        }

    until(lambda: not missing(), 90, lambda: str(missing()))
