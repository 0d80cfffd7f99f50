"""What `fanpulse offsets skip` leaves out, and what it refuses."""

import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from agents.errors import ConfigError, FanpulseError
from agents.kafka.applied import InputPosition, position
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.skipping import Skipped, check_target, require_stopped
from agents.settings import Settings
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from schemas.outputs.applied_offsets import AppliedOffset, AppliedOffsets

SETTINGS = Settings(session_timeout_s=30.0)
AT = TopicPartition("likes", 3)
OURS = str(CommitMetadata(12, "A"))


def entry(offset: int, metadata: str) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, metadata, -1)


def likes(
    applied: int | None, committed: OffsetAndMetadata | None, bounds: tuple[int, int] = (10, 100)
) -> InputPosition:
    offsets = {COMMENTS.number: AppliedOffset(77, "B")}
    if applied is not None:
        offsets[LIKES.number] = AppliedOffset(applied, "A")
    return position(SETTINGS, AT, bounds, AppliedOffsets(offsets), committed)


@pytest.mark.parametrize(
    ("applied", "committed", "overruled"),
    [
        (50, entry(50, OURS), False),
        (50, entry(40, ""), True),  # set back
        (50, entry(60, ""), True),  # set forward
        (50, entry(60, "moved by hand"), True),
        (50, entry(50, ""), False),  # set to where it is anyway
        (50, entry(49, OURS), False),  # the markers of the last transaction are still being written
        (50, None, False),
        (None, entry(60, ""), False),  # a starting point
    ],
)
def test_only_offsets_without_our_metadata_that_differ_are_overruled(
    applied: int | None, committed: OffsetAndMetadata | None, overruled: bool
) -> None:
    assert likes(applied, committed).is_overruled == overruled


def test_a_skip_begins_at_the_applied_offset_whatever_is_committed() -> None:
    for committed in (None, entry(20, ""), entry(90, ""), entry(50, OURS)):
        assert check_target(SETTINGS, likes(50, committed), 60) == Skipped("likes", 3, 50, 60)


def test_without_applied_offsets_it_begins_where_a_worker_would() -> None:
    assert check_target(SETTINGS, likes(None, entry(20, "")), 60).begin == 20
    assert check_target(SETTINGS, likes(None, None), 60).begin == 10


def test_everything_up_to_the_end_can_be_skipped_and_nothing_beyond() -> None:
    assert check_target(SETTINGS, likes(50, None), 100).end == 100
    with pytest.raises(ConfigError, match="offset 101 is beyond the end 100"):
        check_target(SETTINGS, likes(50, None), 101)


def test_going_back_names_the_command_that_scores_again() -> None:
    with pytest.raises(ConfigError, match="`fanpulse replay` scores them again"):
        check_target(SETTINGS, likes(50, None), 49)
    with pytest.raises(ConfigError, match="nothing to skip"):
        check_target(SETTINGS, likes(50, None), 50)


def test_a_group_with_members_is_refused_with_how_long_to_wait() -> None:
    require_stopped(SETTINGS, 0)
    with pytest.raises(FanpulseError, match=r"has 2 member\(s\).* for 30 s"):
        require_stopped(SETTINGS, 2)
