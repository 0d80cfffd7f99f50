"""Claims about the figures of traffic."""

from aiokafka import TopicPartition

from agents.serve.flow.traffic import KEPT_S, Meter
from agents.serve.flow.waits import Waits

LIKES, REPOSTS, COMMENTS, PURCHASES = (
    [TopicPartition(f"eu-{name}", n) for n in range(2)] for name in ("likes", "reposts", "comments", "purchases")
)
EVERY = [*LIKES, *REPOSTS, *COMMENTS, *PURCHASES]
NAMES = {"eu-likes": 0, "eu-reposts": 1, "eu-comments": 2, "eu-purchases": 3}
NONE = dict.fromkeys(EVERY, 0)


def test_rates_are_the_growth_of_end_offsets_per_second() -> None:
    meter = Meter(NAMES)
    meter.add(1000, NONE, NONE, {})
    meter.add(3000, NONE, NONE | {LIKES[0]: 10, LIKES[1]: 20, PURCHASES[0]: 1}, {})
    assert meter.now is not None
    assert meter.now.rates == [15.0, 0.0, 0.0, 0.5]


def test_a_topic_made_anew_is_no_negative_traffic() -> None:
    meter = Meter(NAMES)
    meter.add(1000, NONE, NONE | {LIKES[0]: 500, LIKES[1]: 10}, {})
    meter.add(2000, NONE, NONE | {LIKES[0]: 3, LIKES[1]: 12}, {})
    assert meter.now is not None
    assert meter.now.rates[0] == 2.0


def test_lag_counts_what_is_there_and_not_committed() -> None:
    meter = Meter(NAMES)
    ends, begins = NONE | {LIKES[0]: 100, COMMENTS[1]: 50}, NONE | {COMMENTS[1]: 40}
    meter.add(1000, begins, ends, {LIKES[0]: 90})
    assert meter.now is not None
    assert meter.now.lag == 10 + 10  # of the comments only what retention left


def test_a_group_that_never_committed_has_no_lag_to_speak_of() -> None:
    meter = Meter(NAMES)
    meter.add(1000, NONE, NONE | {LIKES[0]: 100}, {})
    assert meter.now is not None
    assert meter.now.lag is None


def test_a_point_tells_how_long_events_waited_if_any_were_seen() -> None:
    meter = Meter(NAMES)
    meter.add(1000, NONE, NONE, {}, Waits(0.1, 0.7))
    assert meter.now is not None
    assert (meter.now.p50, meter.now.p95) == (0.1, 0.7)
    meter.add(2000, NONE, NONE, {}, None)
    assert (meter.now.p50, meter.now.p95) == (None, None)


def test_history_is_bounded() -> None:
    meter = Meter(NAMES)
    for second in range(KEPT_S + 50):
        meter.add(second * 1000 + 1, NONE, NONE, {})
    assert len(meter.history) == KEPT_S
    assert meter.history[0].at == 50_001
