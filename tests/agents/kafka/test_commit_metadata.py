"""The metadata of committed offsets: what is written is read, and what others wrote is not taken for ours."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.topic_ids import format_id

IDS = st.uuids().map(str).map(format_id)
NOT_OURS: list[str | None] = [None, "", " ", "moved by hand", "NO_METADATA", "topic=A", "partitions=", "partitions=x"]
NOT_OURS += ["partitions=-1", "partitions=²", "partitions=4 topic", "partitions=4 other=1", "partitions=4\ttopic=A"]
NOT_OURS += ["partitions=4  topic=A", '{"partitions": 4}']


@given(st.integers(1, 100_000), IDS | st.just(""))
def test_what_is_written_is_read(partitions: int, topic_id: str) -> None:
    one = CommitMetadata(partitions, topic_id)
    assert CommitMetadata.parse(str(one)) == one
    assert len(str(one)) < 60  # a broker takes 4,096 bytes


@pytest.mark.parametrize("text", NOT_OURS)
def test_what_is_not_ours_is_nothing(text: str | None) -> None:
    assert CommitMetadata.parse(text) is None


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    parsed = CommitMetadata.parse(text)
    assert parsed is None or parsed.partitions >= 0


@given(IDS, IDS)
def test_only_two_known_ids_can_differ(one: str, other: str) -> None:
    assert CommitMetadata(4, one).is_same_topic(other) == (one == other or not one or not other)


def test_an_id_is_written_as_kafka_writes_it() -> None:
    assert format_id(str(UUID(bytes=b"\xff" * 16))) == "_" * 21 + "w"
    assert format_id(str(UUID(int=0))) == format_id(None) == ""
