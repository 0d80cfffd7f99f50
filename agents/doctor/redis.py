"""Redis: does it answer, does it keep what is written, has it free memory."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from agents.doctor.cluster import BY_NTP, CLOCK_WARN_S, clock_offset
from agents.doctor.finding import CheckState, Finding
from agents.errors import FanpulseError
from agents.serve.redis_client import REDIS_ERRORS, connect
from agents.settings import Settings

OLDEST_REDIS = (6, 2)
MB = 1_000_000
NEARLY = 0.9  # of the memory that Redis may take
REFUSALS = ("auth", "password", "noperm", "wrongpass")  # words of a Redis that refuses the login


def redis(settings: Settings) -> Iterator[Finding]:
    """Ask Redis for its version, its memory and its time."""
    if not settings.redis_url:
        remedy = "set FANPULSE_REDIS_URL, or use `fanpulse run`, which starts its own Redis"
        yield Finding("redis", CheckState.WARN, "FANPULSE_REDIS_URL is not set; `fanpulse serve` needs it", remedy)
        return
    try:
        info, off = asyncio.run(_ask(settings))
    except FanpulseError as error:
        yield Finding("redis", CheckState.FAIL, str(error), "correct the setting")
        return
    except REDIS_ERRORS as error:
        yield _lost(error)
        return
    wrong = list(_wrong(info))
    yield from wrong
    if not wrong:
        yield Finding("redis", CheckState.OK, f"version {info['redis_version']}, {_memory(info)}")
    if abs(off) > CLOCK_WARN_S:
        yield Finding("clock", CheckState.WARN, f"this machine's clock is {clock_offset(off)} that of Redis", BY_NTP)


def _lost(error: BaseException) -> Finding:
    message = str(error).partition("\n")[0] or type(error).__name__
    if any(word in message.lower() for word in REFUSALS):
        remedy = "correct user and password in FANPULSE_REDIS_URL: redis://user:password@host:port/0"
        return Finding("redis", CheckState.FAIL, f"refuses the login: {message}", remedy)
    remedy = "start it, or correct FANPULSE_REDIS_URL (rediss:// where it speaks TLS) and FANPULSE_REDIS_CA"
    return Finding("redis", CheckState.FAIL, f"does not answer: {message}", remedy)


def _wrong(info: dict[str, Any]) -> Iterator[Finding]:
    version = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
    if version < OLDEST_REDIS:
        message = f"version {info['redis_version']} is too old"
        yield Finding("redis", CheckState.FAIL, message, "use Redis 6.2 or newer, or Valkey")
    if info.get("role") == "slave":
        message = "this server is a replica and refuses writes"
        yield Finding("redis", CheckState.FAIL, message, "name the primary in FANPULSE_REDIS_URL")
    most, policy = int(info.get("maxmemory", 0)), info.get("maxmemory_policy", "noeviction")
    if most and policy != "noeviction":
        message = f"maxmemory-policy is {policy}: when memory is full, Redis deletes fans, and lookups miss them"
        yield Finding("redis", CheckState.FAIL, message, "redis-cli CONFIG SET maxmemory-policy noeviction")
    used = int(info.get("used_memory", 0))
    if most and used > NEARLY * most:
        state, what = (CheckState.FAIL, "is full") if used >= most else (CheckState.WARN, "is nearly full")
        remedy = "give it more (CONFIG SET maxmemory), or use another server; `fanpulse serve` fills it again"
        yield Finding("redis", state, f"memory {what}: {_memory(info)}", remedy)


def _memory(info: dict[str, Any]) -> str:
    most = int(info.get("maxmemory", 0))
    used = f"{int(info.get('used_memory', 0)) / MB:.0f} MB"
    return f"{used} of {most / MB:.0f} MB used" if most else f"{used} used, no limit"


async def _ask(settings: Settings) -> tuple[dict[str, Any], float]:
    """Return what the server says of itself, and how many seconds our clock is ahead of its."""
    client = connect(settings)
    try:
        info = {**await client.info("server"), **await client.info("memory"), **await client.info("replication")}
        seconds, micros = await client.time()
        return info, time.time() - (seconds + micros / 1e6)
    finally:
        await client.aclose()
