"""Anger and leaving from end to end: words in, flags out, and both on the lists that people and services look at."""

# ruff: noqa: RUF001  these are the very characters that the texts of fans have

import time

from tests.integration.flags.connector import Alive, Connector
from tests.integration.flags.people import DAY, Event, event, once
from tests.integration.flags.published import Flag, check_once, flags, names, wait_for, wait_read
from tests.integration.serve.asking import get, ids
from tests.support.calling import call
from tests.support.processes import Processes, until
from tests.support.reading import last_views, read

SOON_S = 30.0
FRIENDS = 100  # reposts by as many fans make a reach of a half


def comments(name: str, *result: str | float) -> list[Event]:
    """Return a fan's comments, a second apart up to now: words for the model, or a number that is given."""
    now = time.time_ns() // 1_000_000
    return [
        event(name, n, now - (len(result) - n) * 1000, "comments", post_id=f"post-{n}", **_sentiment_of(one))
        for n, one in enumerate(result)
    ]


def _sentiment_of(result: str | float) -> dict[str, object]:
    return {"text": result} if isinstance(result, str) else {"sentiment": result, "text": "质量太差了"}


def angry_fans(port: int) -> set[str]:
    return {row["fan"]["fan_id"] for row in get(port, "/brands/miot/angry")[1]["angry"]}


def of(found: list[Flag], name: str) -> list[Flag]:
    return [flag for flag in found if flag["fan_id"] == name]


def test_words_raise_the_flag_and_kinder_words_clear_it(processes: Processes, connector: Connector) -> None:
    settings = processes.installation.settings()
    processes.worker()
    reposts = [
        event(f"weibo:friend-{n}", n, time.time_ns() // 1_000_000, "reposts", parent_fan_id="weibo:star")
        for n in range(FRIENDS)
    ]
    connector.write(reposts)

    def reach() -> float:
        views = last_views(read(settings.broker, settings.names.fan_scores))
        return float(views.get("miot:weibo:star", {"parts": {"influence": 0.0}})["parts"]["influence"])

    until(lambda: reach() >= 0.5, SOON_S, lambda: f"the star has their reach, not {reach()}")
    connector.write(
        comments("weibo:cross", "今天发货了", "质量太差了，退款！", "东西很好，很喜欢", "love it!", "很喜欢")
    )
    connector.write(comments("weibo:star", "客服态度恶劣，再也不买了"))
    connector.write(comments("weibo:sour", -0.4, -0.4, -0.4))
    connector.write(comments("weibo:given", 0.9, 0.9))  # its words are angry, and what is given wins
    wait_read(settings)
    found = flags(settings, "negative")
    check_once(found)
    assert names(found) == {"weibo:cross", "weibo:star", "weibo:sour"}
    raised, cleared = of(found, "weibo:cross")
    assert [(flag["state"], flag["from"]) for flag in (raised, cleared)] == [
        ("raised", "cleared"),
        ("cleared", "raised"),
    ]
    assert raised["flag_id"] == cleared["flag_id"]
    assert (raised["severity"], raised["reason"]) == (2, "comment")
    assert (raised["evidence"]["event_id"], raised["evidence"]["post_id"]) == ("weibo:cross-1", "post-1")
    [star], [sour] = of(found, "weibo:star"), of(found, "weibo:sour")
    assert (star["severity"], star["reason"]) == (3, "comment"), "a shock of one who reaches many"
    assert (sour["severity"], sour["reason"], sour["evidence"]["event_id"]) == (1, "mean", "weibo:sour-2")


def test_who_leaves_and_who_is_angry_stand_on_the_lists(processes: Processes, connector: Connector) -> None:
    settings = processes.installation.settings()
    processes.worker()
    leavers = [once(f"weibo:leaver-{n}", time.time_ns() // 1_000_000 - DAY) for n in range(5)]
    connector.write(result for one in leavers for result in one.events)
    connector.write([result for n in range(3) for result in comments(f"weibo:cross-{n}", "质量太差了，退款！")])
    with Alive(connector):
        wait_for(settings, leavers, "at_risk", SOON_S)
    serve = processes.serve()
    left, angry = {one.name for one in leavers}, {f"weibo:cross-{n}" for n in range(3)}
    until(lambda: set(ids(serve, "/brands/miot/at-risk", "fans")) == left, SOON_S, "the list of those who leave")
    until(lambda: angry_fans(serve.port) == angry, SOON_S, "the list of the angry")
    rows = call(processes.installation, "fan", "at-risk", "miot", "--json").rows
    assert {row["fan_id"] for row in rows} == left
    assert all(flag["kind"] == "churn" and flag["severity"] == 1 for row in rows for flag in row["flags"])
    assert "silent for 31 days" in call(processes.installation, "fan", "at-risk", "miot").out
    result = call(
        processes.installation, "flags", "tail", "--from-beginning", "--kind", "churn", "--limit", "5", "--json"
    )
    assert result.out.count('"at_risk"') == 5
