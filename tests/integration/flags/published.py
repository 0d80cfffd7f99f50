"""What fan-flags says so far, and what must hold of it whatever happened on the way."""

from collections import Counter
from typing import Any

from confluent_kafka import TopicPartition

from agents.settings import Settings
from tests.integration.flags.people import Someone
from tests.support.processes import until
from tests.support.reading import SILENCE_S, consumer, partitions, read

Flag = dict[str, Any]


def flags(settings: Settings, kind: str, state: str = "") -> list[Flag]:
    """Return the committed flags of a kind, and of a state if one is given."""
    records = (record.json() for record in read(settings.broker, settings.names.fan_flags))
    return [flag for flag in records if flag["kind"] == kind and state in {"", flag["state"]}]


def names(found: list[Flag]) -> set[str]:
    return {flag["fan_id"] for flag in found}


def wait_for(settings: Settings, people: list[Someone], state: str, within: float) -> float:
    """Wait until all of these people are flagged; return how long it took."""
    wanted = {one.name for one in people}

    def missing() -> str:
        left = sorted(wanted - names(flags(settings, "churn", state)))
        return f"{len(left)} of {len(wanted)} flagged {state}; missing {left[:5]}"

    return until(lambda: wanted <= names(flags(settings, "churn", state)), within, missing)


def wait_read(settings: Settings, within: float = 60.0) -> None:
    """Wait until the group has committed all that stands in the inputs now; more may come meanwhile."""
    with consumer(settings.broker, settings.group) as client:
        places = [TopicPartition(name, n) for name in settings.names.inputs for n in partitions(client, name)]
        ends = [client.get_watermark_offsets(at, timeout=SILENCE_S)[1] for at in places]

        def is_read() -> bool:
            done = client.committed(places, timeout=SILENCE_S)
            return all(max(at.offset, 0) >= end for at, end in zip(done, ends, strict=True))

        until(is_read, within, "all is read")


def check_once(found: list[Flag]) -> None:
    """No transition was published twice."""
    seen = Counter((flag["flag_id"], flag["state"]) for flag in found)
    twice = [key for key, n in seen.items() if n > 1]
    assert not twice, f"{len(twice)} transitions published twice, such as {twice[0]}"


def check_due(found: list[Flag], people: list[Someone]) -> None:
    """Each of these people, and nobody else, is at risk: not before the deadline, for silence, with its evidence."""
    check_once(found)
    risks = {flag["fan_id"]: flag for flag in found if flag["state"] == "at_risk"}
    wrong = risks.keys() ^ {one.name for one in people}
    assert not wrong, f"{len(wrong)} flagged falsely or not at all: {sorted(wrong)[:10]}"
    for one in people:
        flag = risks[one.name]
        silent_ms = flag["as_of"] - one.last_seen
        assert flag["as_of"] >= one.due - 1, f"{one.name} was flagged {one.due - flag['as_of']} ms too soon"
        assert (flag["reason"], flag["from"], flag["severity"]) == (
            "silence",
            "active" if len(one.events) > 1 else "new",
            1,
        )
        result = {"usual_gap_s": one.usual_gap_s, "silent_for_s": silent_ms // 1000, "event_id": None, "post_id": None}
        assert flag["evidence"] == result, one.name
