"""What opens each door of the locked servers, as settings (FANPULSE_ is added)."""

from typing import Any

from tests.support.certificates import Authority
from tests.support.locked import PASSWORD, USER, LockedKafka, LockedRedis

Settings = dict[str, Any]

LOGIN: Settings = {"KAFKA_USERNAME": USER, "KAFKA_PASSWORD": PASSWORD}
# name -> (door, mechanism; empty: no login)
WAYS = {
    "PLAIN": ("LOGIN", "PLAIN"),
    "SCRAM-SHA-256": ("LOGIN", "SCRAM-SHA-256"),
    "SCRAM-SHA-512": ("LOGIN", "SCRAM-SHA-512"),
    "TLS": ("TLS", ""),
    "PLAIN over TLS": ("BOTH", "PLAIN"),
    "SCRAM over TLS": ("BOTH", "SCRAM-SHA-512"),
    "mutual TLS": ("MUTUAL", ""),
}
PROTOCOLS = {"LOGIN": "SASL_PLAINTEXT", "TLS": "SSL", "BOTH": "SASL_SSL", "MUTUAL": "SSL"}


def kafka_keys(broker: LockedKafka, way: str) -> Settings:
    """Return the settings that lead through a door of the broker."""
    listener, mechanism = WAYS[way]
    given: Settings = {"BROKER": broker.address(listener), "KAFKA_SECURITY": PROTOCOLS[listener]}
    if mechanism:
        given |= LOGIN | {"KAFKA_MECHANISM": mechanism}
    if PROTOCOLS[listener].endswith("SSL"):
        given["KAFKA_CA"] = broker.authority.file
    if listener == "MUTUAL":
        given["KAFKA_CERT"] = broker.authority.issue("worker")[0]
    return given


def redis_keys(server: LockedRedis) -> Settings:
    """Return the settings that lead to the Redis by password and TLS."""
    authority: Authority = server.authority
    return {"REDIS_URL": server.url(), "REDIS_CA": authority.file}
