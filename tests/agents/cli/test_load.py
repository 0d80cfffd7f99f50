"""A history is checked line by line before anything is sent."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.cli.publish.lines import BadLineError, input_topics, parse
from agents.cli.publish.load import batch_size, load
from agents.errors import FanpulseError
from agents.settings import Settings

TOPICS = input_topics(Settings(topic_prefix="eu-").names)
LIKE = {
    "topic": "likes",
    "event_id": "e1",
    "brand_id": "miot",
    "fan_id": "weibo:1",
    "platform": "weibo",
    "event_time": 1,
}


def line(**changed: object) -> bytes:
    return json.dumps({name: value for name, value in (LIKE | changed).items() if value is not None}).encode()


def dry(file: Path, *options: str) -> Result:
    return CliRunner().invoke(load, [str(file), "--dry-run", "--json", *options])


def test_the_event_is_kept_as_it_is_without_its_topic() -> None:
    record = parse(line(extra={"a": [1, None]}, post_id="p"), TOPICS)
    assert (record.topic, record.key) == ("eu-likes", b"miot:weibo:1")
    wanted = {name: value for name, value in LIKE.items() if name != "topic"}
    assert json.loads(record.value) == wanted | {"extra": {"a": [1, None]}, "post_id": "p"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"7", "not a JSON object"),
        (line(topic=None), "topic must be one of likes, reposts, comments, purchases"),
        (line(topic="ticks"), "topic must be one of"),
        (line(topic=["likes"]), "topic must be one of"),
        (line(fan_id=None), "missing required field `fan_id`"),
        (line(event_time="now"), "Expected `int`"),
        (line(event_time=0), ">= 1"),
        (line(brand_id="a:b"), "brand_id has a colon"),
        (line(type="comment"), "Invalid enum value"),
        (line(topic="comments"), "without text or sentiment"),
        (line(topic="purchases"), "order_id"),
        (line(padding="x" * 70_000), "more than 65536"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(bad: bytes, reason: str) -> None:
    with pytest.raises(BadLineError, match=reason):
        parse(bad, TOPICS)


def test_a_dry_run_counts_each_topic_and_needs_no_broker(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b"\n".join([line(), b"  ", line(topic="reposts"), line(event_id="e2")]) + b"\n\n")
    result = json.loads(dry(file).stdout)
    assert (result["checked"], result["topics"], result["bad_lines"]) == (3, {"likes": 2, "reposts": 1}, 0)
    assert json.loads(dry(file, "--limit", "2").stdout)["topics"] == {"likes": 1, "reposts": 1}


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl.gz"
    file.write_bytes(gzip.compress(line() + b"\n" + line(event_id="e2")))
    assert json.loads(dry(file).stdout)["checked"] == 2


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl.gz"
    file.write_bytes(gzip.compress(line() * 1000)[:-9])
    error = dry(file).exception
    assert isinstance(error, FanpulseError)
    assert "not a complete gzip file" in str(error)


def test_bad_lines_are_told_by_number_and_refuse_the_file(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b"\n".join([line(), b"{", line(), *[b"[]"] * 20]))
    error = dry(file).exception
    assert isinstance(error, FanpulseError)
    assert error.code == 1
    result = str(error).splitlines()
    assert result[0].startswith("21 bad line(s)")
    assert "nothing was sent" in result[0]
    assert result[1].startswith("  line 2: not JSON")
    assert (len(result), result[-1]) == (12, "  and 11 more")


def test_bad_lines_can_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b"\n".join([line(), b"{", line()]))
    done = dry(file, "--skip-bad")
    assert (json.loads(done.stdout)["checked"], json.loads(done.stdout)["bad_lines"]) == (2, 1)
    assert "line 2: not JSON" in done.stderr


def test_a_slow_rate_sends_small_batches() -> None:
    assert [batch_size(rate, 20_000) for rate in (0, 0.5, 1_000, 1e9)] == [20_000, 1, 100, 20_000]
