"""The Redis client: address, TLS and time-outs from the settings."""

import asyncio
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import hiredis
from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from agents.errors import ConfigError, UnavailableError
from agents.probe import redis_answers
from agents.settings import Settings

RedisClient: TypeAlias = Any  # redis-py's own answers are typed as unions of text and bytes, which no caller can use

REDIS_TIMEOUT_S = 5.0  # a slower server counts as down; the reader tries again
ACCESS_ERRORS = (AuthenticationError, NoPermissionError)
REDIS_ERRORS = (RedisError, OSError, TimeoutError)  # what a slow, dead or misconfigured Redis raises


class _HiredisPacking:
    """Encodes commands with hiredis; the asynchronous half of redis-py uses it for decoding only."""

    def pack_command(self, *args: Any) -> list[bytes]:
        name = str(args[0]).split()  # some have two words: CLIENT SETINFO
        return [hiredis.pack_command((*name, *args[1:]))]

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[bytes]:
        return [b"".join(part for command in commands for part in self.pack_command(*command))]


class _PlainConnection(_HiredisPacking, Connection):
    pass


class _TlsConnection(_HiredisPacking, SSLConnection):
    pass


def connect(settings: Settings) -> RedisClient:
    """Return a client; nothing is sent yet.

    Raises:
        ConfigError: the address is missing or malformed, or certificates cannot be used.
    """
    if not settings.redis_url:
        raise ConfigError(
            "FANPULSE_REDIS_URL is not set; `fanpulse run` starts a Redis of its own and prints its address"
        )
    tls: dict[str, Any] = {}
    if settings.redis_ca and settings.redis_url.startswith("rediss"):
        tls["ssl_ca_certs"] = _certificates(settings.redis_ca)
    try:
        pool = ConnectionPool.from_url(
            settings.redis_url,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            # Retries inside the client would hide a failing server from the readiness probe for seconds.
            retry=Retry(NoBackoff(), 0),
            **tls,
        )
        pool.connection_class = _TlsConnection if issubclass(pool.connection_class, SSLConnection) else _PlainConnection
        return Redis.from_pool(pool)
    except ValueError:  # its message may contain a part of the password
        form = "redis://[user:password@]host:port/0, or rediss:// for TLS; / ? # @ in a password are percent-encoded"
        raise ConfigError(f"FANPULSE_REDIS_URL is no Redis address ({form})") from None


def _certificates(file: str) -> str:
    path = Path(file).expanduser()
    try:
        ssl.create_default_context(cafile=path)
    except FileNotFoundError:
        raise ConfigError(f"FANPULSE_REDIS_CA: no file {file}") from None
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"FANPULSE_REDIS_CA: {file} cannot be used ({error.strerror or 'not PEM'})") from None
    return str(path)


async def ping(client: RedisClient) -> None:
    """Ask once whether Redis accepts us; a server that is down or slow is left to the reader, which waits for it.

    Raises:
        ConfigError: it refuses our login, or TLS certificates do not match.
        UnavailableError: what listens there is not Redis, or only one of the two sides speaks TLS.
    """
    try:
        await client.ping()
    except ACCESS_ERRORS as error:
        raise ConfigError(f"Redis refuses our login (FANPULSE_REDIS_URL): {error}") from None
    except REDIS_ERRORS as error:
        if explanation := _explain(error) or await asyncio.to_thread(_explain_plain_server, client):
            raise explanation from None


def _explain_plain_server(client: RedisClient) -> UnavailableError | None:
    """Return an error where a Redis without TLS waits for the end of our TLS greeting, else None."""
    pool = client.connection_pool
    if pool.connection_class is not _TlsConnection:
        return None
    address = pool.connection_kwargs
    if not redis_answers(address.get("host", "localhost"), address.get("port", 6379)):
        return None
    return UnavailableError("TLS to Redis fails: it is redis:// there, not rediss:// (FANPULSE_REDIS_URL)")


def _explain(error: BaseException | None) -> ConfigError | UnavailableError | None:
    """Return why a server that accepts connections cannot be used; None where it is just down."""
    message = str(error)
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return ConfigError(f"TLS to Redis fails (FANPULSE_REDIS_CA): {error.verify_message}")
        if isinstance(error, ssl.SSLError):
            reason = (error.reason or "no TLS").lower().replace("_", " ")
            return UnavailableError(f"TLS to Redis fails, is it redis:// there? (FANPULSE_REDIS_URL): {reason}")
        error = error.__cause__ or error.__context__
    if "closed by server" in message or "reset by peer" in message.lower():
        hint = "does it speak TLS (rediss://)?"
        return UnavailableError(f"what listens at FANPULSE_REDIS_URL closes the connection at once; {hint}")
    return None
