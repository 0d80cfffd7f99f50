"""A real Kafka and a real Redis whose doors have locks: TLS, passwords, both."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from agents import probe
from agents.embedded.kafka import Kafka
from agents.embedded.properties import Protocol
from agents.embedded.server import Server
from agents.supervise.child import Child
from agents.supervise.ports import LOOPBACK, free_ports
from tests.support.certificates import Authority

USER, PASSWORD = "ops", "Correct-Horse-7f3a"
PLAIN, SCRAM = "plain.PlainLoginModule", "scram.ScramLoginModule"
MECHANISMS = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"


class Listener(NamedTuple):
    """One listener of the broker."""

    protocol: Protocol
    is_mutual: bool = False  # clients must show a certificate


LISTENERS = {
    "LOGIN": Listener("SASL_PLAINTEXT"),
    "TLS": Listener("SSL"),
    "BOTH": Listener("SASL_SSL"),
    "MUTUAL": Listener("SSL", is_mutual=True),
}


class LockedKafka(Kafka):
    """One broker with a listener of every kind; ``internal`` is open to all, for the test itself."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        super().__init__(directory, protocol="SASL_PLAINTEXT")
        self.authority = authority
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
        # What is too large for us is to reach us all the same.
        large = {"message.max.bytes": "16000000"}
        self.extra = self._listeners() | self._tls() | self._logins() | large

    def address(self, listener: str) -> str:
        """Return where a door is, as host:port."""
        return f"{LOOPBACK}:{self.ports[listener]}"

    def start(self) -> None:
        """Start it, and make the users that SCRAM keeps in the broker itself."""
        super().start()
        client = AdminClient({"bootstrap.servers": self.internal})
        for way in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):  # one a request: so Kafka wants it
            wanted = UserScramCredentialUpsertion(USER, ScramCredentialInfo(way, 4096), PASSWORD.encode())
            client.alter_user_scram_credentials([wanted])[USER].result(30)

    def _listeners(self) -> dict[str, str]:
        outside = ",".join(f"{name}://{self.address(name)}" for name in LISTENERS)
        inside = f"INTERNAL://{self.internal}"
        protocols = ",".join(f"{name}:{listener.protocol}" for name, listener in LISTENERS.items())
        return {
            "listeners": f"{outside},{inside},CONTROLLER://{LOOPBACK}:{self.listeners.controller}",
            "advertised.listeners": f"{outside},{inside}",
            "listener.security.protocol.map": f"{protocols},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "INTERNAL",
        }

    def _tls(self) -> dict[str, str]:
        both, _ = self.authority.issue("kafka")
        given = {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(both),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
        }
        return given | {
            f"listener.name.{name.lower()}.ssl.client.auth": "required"
            for name, listener in LISTENERS.items()
            if listener.is_mutual
        }

    def _logins(self) -> dict[str, str]:
        given = {"sasl.enabled.mechanisms": MECHANISMS}
        for name, listener in LISTENERS.items():
            if listener.protocol.startswith("SASL"):
                for mechanism in MECHANISMS.lower().split(","):
                    kind = PLAIN if mechanism == "plain" else SCRAM
                    users = f' user_{USER}="{PASSWORD}"' if mechanism == "plain" else ""
                    module = f"org.apache.kafka.common.security.{kind} required{users};"
                    given[f"listener.name.{name.lower()}.{mechanism}.sasl.jaas.config"] = module
        return given


class LockedRedis(Server):
    """A Redis of the system's (the one from pip has no TLS) that asks for a password, over TLS and without."""

    name = "Redis"
    ready_s = 30.0
    stop_s = 3.0

    def __init__(self, directory: Path, authority: Authority, extra: Sequence[str] = ()) -> None:
        super().__init__(directory)
        self.port, self.tls_port = free_ports(2)
        self.authority, self.extra = authority, tuple(extra)

    def url(self, password: str = PASSWORD, *, tls: bool = True) -> str:
        """Return where clients connect, with a password."""
        scheme, port = ("rediss", self.tls_port) if tls else ("redis", self.port)
        return f"{scheme}://:{password}@{LOOPBACK}:{port}/0"

    def answers(self) -> bool:
        """Whether it answers, be it that it wants a password."""
        return probe.redis_answers(LOOPBACK, self.port)

    def prepare(self) -> Child:
        """Write its settings, for a password is no argument, and return the process to be."""
        both, key = self.authority.issue("redis")
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"tls-port {self.tls_port}",
            f"tls-cert-file {both}",
            f"tls-key-file {key}",
            f"tls-ca-cert-file {self.authority.file}",
            "tls-auth-clients no",
            f"requirepass {PASSWORD}",
            'save ""',
            "appendonly no",
            *self.extra,
        ]
        settings = self.directory / "redis.conf"
        settings.write_text("\n".join(lines) + "\n")
        return Child(self.name, [redis_server() or "redis-server", settings], self.log, cwd=self.directory)


def redis_server() -> str | None:
    """Return the path of the system's Redis; None if there is none."""
    return shutil.which("redis-server")
