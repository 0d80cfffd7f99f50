"""`fanpulse fan`: one fan, or a brand's lists, from the serving store."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
import msgspec
import orjson

from agents.cli.inspect.words import silence
from agents.cli.output import json_option, moment, show, show_one
from agents.errors import FanpulseError, UnavailableError
from agents.serve.keys import StoreKeys
from agents.serve.queries import Queries
from agents.serve.redis_client import REDIS_ERRORS, connect
from agents.settings import REDACTED, read
from schemas.outputs.records import FanScore
from schemas.serving import FanList

FanAnswer = TypeVar("FanAnswer")

TOP = {"fan_id": "fan", "score": "score", "tier": "tier", "lifecycle": "lifecycle", "seen": "last seen"}
AT_RISK = {"fan_id": "fan", "churn_risk": "churn risk", "score": "score", "tier": "tier", "why": "why"}

limit_option = click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most N.")


@click.group()
def fan() -> None:
    """Look up one fan, or lists of fans, in Redis, which `fanpulse serve` keeps up to date."""


@fan.command(name="show")
@click.argument("brand")
@click.argument("fan_id", metavar="FAN")
@json_option
def show_fan(brand: str, fan_id: str, as_json: bool) -> None:
    """Show the whole current view of one fan."""
    record = ask(lambda queries: queries.fan(brand, fan_id))
    if record is None:
        raise FanpulseError(
            f"Redis has no fan {fan_id} of brand {brand}: check both ids, and that `fanpulse serve` is running"
        )
    if as_json:
        show_one(orjson.loads(record), as_json=True)
        return
    show_one(_in_words(msgspec.json.decode(record, type=FanScore)), as_json=False)


@fan.command()
@click.argument("brand")
@limit_option
@json_option
def top(brand: str, limit: int, as_json: bool) -> None:
    """List a brand's fans with the highest scores."""
    _list(FanList.TOP, brand, limit, TOP, as_json=as_json)


@fan.command(name="at-risk", short_help="List a brand's fans who are silent for unusually long.")
@click.argument("brand")
@limit_option
@json_option
def at_risk(brand: str, limit: int, as_json: bool) -> None:
    """List a brand's fans who have been silent for longer than is usual for them, by churn risk."""
    _list(FanList.AT_RISK, brand, limit, AT_RISK, as_json=as_json)


def ask(question: Callable[[Queries], Awaitable[FanAnswer]]) -> FanAnswer:
    """Return what the serving store answers.

    Raises:
        UnavailableError: Redis does not answer.
        ConfigError: no Redis is named.
    """
    settings = read()

    async def answer() -> FanAnswer:
        redis = connect(settings)
        try:
            return await question(Queries(redis, StoreKeys(settings.names)))
        finally:
            await redis.aclose()

    try:
        return asyncio.run(answer())
    except REDIS_ERRORS as error:
        url = settings.shown()["FANPULSE_REDIS_URL"].replace(f"{REDACTED}@", "")
        raise UnavailableError(f"Redis at {url} does not answer: {_first_line(error)}") from None


def _list(which: FanList, brand: str, limit: int, columns: Mapping[str, str], *, as_json: bool) -> None:
    records = ask(lambda queries: queries.fans(which, brand, limit))
    if as_json:
        show([orjson.loads(record) for record in records], columns, as_json=True)
    elif records:
        show(_rows(records), columns, as_json=False)
    else:
        click.echo(f"Redis has no such fans of brand {brand}: check the name, and that `fanpulse serve` is running")


def _rows(records: Sequence[bytes]) -> list[dict[str, Any]]:
    now, rows = time.time(), []
    for record in records:
        row = orjson.loads(record)
        row["seen"] = moment(row["last_seen"])
        row["why"] = silence(row["usual_gap_s"], max(0, round(now - row["last_seen"] / 1000)))
        rows.append(row)
    return rows


def _in_words(score: FanScore) -> dict[str, Any]:
    parts = {f"  {name}": getattr(score.parts, name) for name in score.parts.__struct_fields__}
    flags = [f"{flag.kind}, severity {flag.severity}, since {moment(flag.since)}" for flag in score.flags]
    now = round(time.time() - score.last_seen / 1000)
    return {
        "fan": f"{score.fan_id} of {score.brand_id}",
        "score": score.score,
        **parts,
        "tier": score.tier,
        "lifecycle": score.lifecycle,
        "churn risk": score.churn_risk,
        "silence": silence(score.usual_gap_s, max(0, now)) if score.last_seen else None,
        "sentiment": f"{score.sentiment.mean:.2f} over {score.sentiment.n} comments" if score.sentiment.n else None,
        "flags": "; ".join(flags) or None,
        "counts": ", ".join(f"{n} {name}" for name, n in score.counts.items()) or None,
        "first seen": moment(score.first_seen) if score.first_seen else None,
        "last seen": moment(score.last_seen) if score.last_seen else None,
        "as of": f"{moment(score.as_of)}, seq {score.seq}, model {score.model_version}",
    }


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
