"""Settings: the environment, read once into a frozen value."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import msgspec
from msgspec import Meta, Struct

from agents.errors import ConfigError
from schemas.topics import PARTITIONS, Names

PREFIX = "FANPULSE_"
REDACTED = "(set)"

Port = Annotated[int, Meta(ge=0, le=65535)]
Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting with its default; the environment's name is ``FANPULSE_`` and the field's in capitals."""

    broker: Annotated[str, Meta(description="Kafka, a list of host:port; empty: `run` starts its own")] = ""
    redis_url: Annotated[str, Meta(description="Redis or Valkey URL; empty: `run` starts its own")] = ""
    group: Annotated[str, Meta(description="consumer group, and name of its own topics", pattern="^[\\w.-]+$")] = (
        "fanpulse"
    )
    topic_prefix: Annotated[str, Meta(description="before every topic's name", pattern="^[\\w.-]*$")] = ""
    output_prefix: Annotated[
        str | None, Meta(description="before the names of outputs and own topics, when not FANPULSE_TOPIC_PREFIX")
    ] = None
    partitions: Annotated[int, Meta(description="of every topic, when created", ge=1, le=10_000)] = PARTITIONS
    replication: Annotated[int, Meta(description="replication factor of topics, when created", ge=1, le=16)] = 1
    create_topics: Annotated[
        bool, Meta(description="let a worker create internal topics and optional inputs that are missing")
    ] = True
    data_dir: Annotated[str, Meta(description="directory for embedded servers and locks")] = ".data"
    params: Annotated[str, Meta(description="per-brand parameter file (TOML); empty: defaults")] = ""
    publish_delay_s: Annotated[float, Meta(description="seconds until a small change is published", ge=0)] = 60.0
    dedup_ids: Annotated[
        int, Meta(description="newest event ids kept per input and partition to recognise repeats", ge=1_000)
    ] = 100_000
    tick_s: Annotated[float, Meta(description="seconds between two ticks of time for silent fans", gt=0)] = 5.0
    sentiment_model: Annotated[str, Meta(description="file of a sentiment model; empty: the one shipped")] = ""
    session_timeout_s: Annotated[
        float, Meta(description="seconds until a silent worker loses its partitions", ge=6)
    ] = 10.0
    instance_id: Annotated[str, Meta(description="static member id; empty: the host's name and a locked slot")] = ""
    recovery_timeout_s: Annotated[
        float, Meta(description="seconds until a worker that is not ready gives up", gt=0)
    ] = 600.0
    stall_timeout_s: Annotated[float, Meta(description="seconds until lag without a commit ends the worker", gt=0)] = (
        60.0
    )
    loop_timeout_s: Annotated[float, Meta(description="seconds until a blocked event loop ends the worker", gt=0)] = (
        30.0
    )
    metrics_port: Annotated[Port, Meta(description="of the worker; serve takes the next one; 0: any")] = 9400
    web_host: Annotated[str, Meta(description="address that page and lookups listen on")] = "127.0.0.1"
    web_port: Annotated[Port, Meta(description="of page and lookups; 0: any")] = 8080
    web_token: Annotated[str, Meta(description="bearer token that page and lookups ask for; empty: none")] = ""
    kafka_security: Annotated[Security, Meta(description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")] = "PLAINTEXT"
    kafka_mechanism: Annotated[Mechanism, Meta(description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")] = "PLAIN"
    kafka_username: Annotated[str, Meta(description="SASL user")] = ""
    kafka_password: Annotated[str, Meta(description="SASL password")] = ""
    kafka_ca: Annotated[str, Meta(description="file of trusted certificates (PEM); empty: the system's")] = ""
    kafka_cert: Annotated[str, Meta(description="file of our certificate and key (PEM) for mutual TLS")] = ""
    redis_ca: Annotated[str, Meta(description="file of trusted certificates (PEM) for rediss://")] = ""
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="least severe line logged")] = (
        "INFO"
    )

    @property
    def names(self) -> Names:
        """The topics' full names."""
        output = self.topic_prefix if self.output_prefix is None else self.output_prefix
        return Names(self.topic_prefix, output, self.group)

    @property
    def data(self) -> Path:
        """The data directory, absolute."""
        return Path(self.data_dir).expanduser().resolve()

    def shown(self) -> dict[str, str]:
        """Return every setting by its environment name, secrets redacted."""
        out = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            out[PREFIX + name.upper()] = "" if value is None else _redacted(name, str(value))
        return out


def _redacted(name: str, value: str) -> str:
    if name in {"web_token", "kafka_password"}:
        return REDACTED if value else ""
    return _without_login(value) if name == "redis_url" else value


def _without_login(url: str) -> str:
    """Return a URL without user, password and query; a value that is not a URL is not shown at all.

    >>> _without_login("redis://:pass/word@cache:6379/0"), _without_login("rediss://cache/0?password=x")
    ('redis://(set)@cache:6379/0', 'rediss://cache/0?(set)')
    """
    scheme, is_url, rest = url.partition("://")
    if not is_url:
        return REDACTED if url else ""
    _, has_login, place = rest.rpartition("@")
    place, has_query, _ = place.partition("?")
    return f"{scheme}://{f'{REDACTED}@' if has_login else ''}{place}{f'?{REDACTED}' if has_query else ''}"


def about() -> dict[str, str]:
    """Return what each setting is for, by its environment name.

    >>> about()["FANPULSE_PUBLISH_DELAY_S"]
    'seconds until a small change is published'
    """
    found = {}
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        metas = [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Meta)]
        found[PREFIX + name.upper()] = next(meta.description or "" for meta in reversed(metas))
    return found


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; an empty value means the default.

    Raises:
        ConfigError: a value is of the wrong type or out of range.
    """
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
    given = {name: value for name, value in given.items() if value != "" and name in Settings.__struct_fields__}
    for name in given:
        try:
            msgspec.convert({name: given[name]}, Settings, strict=False)
        except msgspec.ValidationError as error:
            reason = str(error).partition(" - at")[0]
            raise ConfigError(f"{PREFIX}{name.upper()}: {reason}, got {_redacted(name, given[name])!r}") from None
    return msgspec.convert(given, Settings, strict=False)


def unknown(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return names that look like settings but are not: typing errors, or an orchestrator's service links.

    >>> unknown({"FANPULSE_BROKR": "x", "FANPULSE_BROKER": "y"})
    ['FANPULSE_BROKR']
    """
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def host() -> str:
    """Return this machine's name, for ids."""
    return socket.gethostname()
