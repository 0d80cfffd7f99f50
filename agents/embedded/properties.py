"""Properties of the embedded Kafka: one node, a quick start, short sessions."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]

TOPICS = "topics"  # the directory of the records, in Kafka's working directory

SINGLE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": TOPICS,
    # Internal topics default to three replicas, and would never be made.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # 50 each by default: most of the time of a start, for one group.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # An auto-created topic has one partition, which our workers refuse.
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    # After a kill -9 the broker waits for its own old session: 13 s by default, 5 s so.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # How long readers may wait behind a dead owner's transaction, beyond its timeout.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "2000",
    "log.retention.check.interval.ms": "60000",
    "log.segment.bytes": "134217728",
    # 128 MB by default, taken from the heap at once.
    "log.cleaner.dedupe.buffer.size": "33554432",
}

LOG4J = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


class Listeners(Struct, frozen=True, kw_only=True):
    """Where Kafka listens, all on the loopback address; ``internal`` is open to all and used when clients' is not."""

    client: int
    controller: int
    internal: int
    protocol: Protocol = "PLAINTEXT"

    @property
    def open(self) -> int:
        """The port that needs neither TLS nor a password."""
        return self.client if self.protocol == "PLAINTEXT" else self.internal

    def properties(self) -> dict[str, str]:
        """Return the listeners as Kafka's settings.

        >>> Listeners(client=9092, controller=1, internal=2).properties()["advertised.listeners"]
        'CLIENT://127.0.0.1:9092'
        """
        ports = {"CLIENT": (self.client, self.protocol)}
        if self.protocol != "PLAINTEXT":
            ports["INTERNAL"] = (self.internal, "PLAINTEXT")
        outside = ",".join(f"{name}://127.0.0.1:{port}" for name, (port, _) in ports.items())
        protocols = ",".join(f"{name}:{protocol}" for name, (_, protocol) in ports.items())
        return {
            "listeners": f"{outside},CONTROLLER://127.0.0.1:{self.controller}",
            "advertised.listeners": outside,
            "listener.security.protocol.map": f"{protocols},CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": list(ports)[-1],
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller}",
        }


def render(properties: Mapping[str, str]) -> str:
    r"""Return settings in the format of a .properties file, which knows only ASCII.

    >>> render({"a": "b\\c", "x": "\u732b"})
    'a=b\\\\c\nx=\\u732b\n'
    """
    return "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items())


def _escaped(value: str) -> str:
    units = value.replace("\\", "\\\\").replace("\n", "\\n").encode("utf-16-be")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)
