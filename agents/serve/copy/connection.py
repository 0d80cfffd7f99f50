"""The one way to Redis: address, TLS and patience from the settings."""

from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from agents.errors import ConfigError
from agents.settings import Settings

Client: TypeAlias = Any  # redis-py's own answers are typed as unions of text and bytes, which no caller can use

PATIENCE_S = 5.0  # a server slower than this is as good as gone; what waits is tried again
LOST = (RedisError, OSError, TimeoutError)  # what a slow, dead or confused Redis raises


def connect(settings: Settings) -> Client:
    """Return a client; nothing is sent yet.

    Raises:
        ConfigError: no address, or one that is none.
    """
    if not settings.redis_url:
        raise ConfigError("FANPULSE_REDIS_URL is not set; `fanpulse run` starts a Redis of its own")
    tls: dict[str, Any] = (
        {"ssl_ca_certs": settings.redis_ca} if settings.redis_ca and settings.redis_url.startswith("rediss") else {}
    )
    try:
        return Redis.from_url(
            settings.redis_url,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            # The client's own retries would hide a sick server from readiness for several seconds.
            retry=Retry(NoBackoff(), 0),
            **tls,
        )
    except ValueError as error:
        raise ConfigError(f"FANPULSE_REDIS_URL is no Redis address: {error}") from None
