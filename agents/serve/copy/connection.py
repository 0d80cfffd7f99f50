"""The one way to Redis: address, TLS and patience from the settings."""

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

Client: TypeAlias = Any  # redis-py's own answers are typed as unions of text and bytes, which no caller can use

PATIENCE_S = 5.0  # a server slower than this is as good as gone; what waits is tried again
REFUSED = (AuthenticationError, NoPermissionError)
LOST = (RedisError, OSError, TimeoutError)  # what a slow, dead or confused Redis raises


class _Packed:
    """Writes commands by hiredis, which the asynchronous half of redis-py has for reading alone."""

    def pack_command(self, *args: Any) -> list[bytes]:
        name = str(args[0]).split()  # of two words, as CLIENT SETINFO
        return [hiredis.pack_command((*name, *args[1:]))]

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[bytes]:
        return [b"".join(part for command in commands for part in self.pack_command(*command))]


class _Plain(_Packed, Connection):
    pass


class _Secure(_Packed, SSLConnection):
    pass


def connect(settings: Settings) -> Client:
    """Return a client; nothing is sent yet.

    Raises:
        ConfigError: no address, or one that is none, or certificates that cannot be used.
    """
    if not settings.redis_url:
        raise ConfigError("FANPULSE_REDIS_URL is not set; `fanpulse run` starts a Redis of its own, and says where")
    tls: dict[str, Any] = {}
    if settings.redis_ca and settings.redis_url.startswith("rediss"):
        tls["ssl_ca_certs"] = _certificates(settings.redis_ca)
    try:
        pool = ConnectionPool.from_url(
            settings.redis_url,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            # The client's own retries would hide a sick server from readiness for several seconds.
            retry=Retry(NoBackoff(), 0),
            **tls,
        )
        pool.connection_class = _Secure if issubclass(pool.connection_class, SSLConnection) else _Plain
        return Redis.from_pool(pool)
    except ValueError:  # its words may hold a part of the password
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


async def knock(client: Client) -> None:
    """Ask once whether Redis lets us in; one that is not there, or slow, is no concern of this question.

    Raises:
        ConfigError: it refuses our login, or one of us the other's certificate.
        UnavailableError: what listens there is no Redis, or speaks TLS where we do not.
    """
    try:
        await client.ping()
    except REFUSED as error:
        raise ConfigError(f"Redis refuses our login (FANPULSE_REDIS_URL): {error}") from None
    except LOST as error:
        if trouble := _trouble(error) or await asyncio.to_thread(_is_plain, client):
            raise trouble from None


def _is_plain(client: Client) -> UnavailableError | None:
    """Return what to tell when a plain Redis waits for the end of what is our TLS greeting."""
    pool = client.connection_pool
    if pool.connection_class is not _Secure:
        return None
    place = pool.connection_kwargs
    if not redis_answers(place.get("host", "localhost"), place.get("port", 6379)):
        return None
    return UnavailableError("TLS to Redis fails: it is redis:// there, not rediss:// (FANPULSE_REDIS_URL)")


def _trouble(error: BaseException | None) -> ConfigError | UnavailableError | None:
    """Return what a server that does take connections, and nothing more, should be told as; None: it is just away."""
    said = str(error)
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return ConfigError(f"TLS to Redis fails (FANPULSE_REDIS_CA): {error.verify_message}")
        if isinstance(error, ssl.SSLError):
            reason = (error.reason or "no TLS").lower().replace("_", " ")
            return UnavailableError(f"TLS to Redis fails, is it redis:// there? (FANPULSE_REDIS_URL): {reason}")
        error = error.__cause__ or error.__context__
    if "closed by server" in said or "reset by peer" in said.lower():
        hint = "does it speak TLS (rediss://)?"
        return UnavailableError(f"what listens at FANPULSE_REDIS_URL hangs up without a word; {hint}")
    return None
