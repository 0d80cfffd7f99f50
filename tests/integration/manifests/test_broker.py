"""Claims about the stack's Kafka: its environment, turned into properties as its image does, starts a real broker."""

from pathlib import Path

from agents.embedded.kafka import Kafka
from agents.embedded.properties import SINGLE
from agents.kafka import topics
from agents.supervise.ports import free_port
from tests.integration.manifests.places import STACK, compose_config
from tests.support.installation import fresh

OURS = {"log.dirs"}  # the tests' own directory
TUNING = {"num.partitions", "timeout.ms", "interval.ms", "delay.ms", "segment.bytes", "buffer.size"}


def properties() -> dict[str, str]:
    """Return what the image makes of KAFKA_...: lower case and dots."""
    code, words, stack = compose_config(STACK)
    assert code == 0, words
    environ = stack["services"]["kafka"]["environment"]
    return {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in environ.items()}


def test_a_broker_with_these_settings_takes_our_topics(tmp_path: Path) -> None:
    result, kafka = properties(), Kafka(tmp_path)
    needed = {name for name in SINGLE if not any(name.endswith(end) for end in TUNING)}
    assert needed <= set(result), "the embedded broker needs more than the stack's has"
    here = {"9092": kafka.listeners.client, "9093": kafka.listeners.controller, "29092": free_port()}
    kafka.extra = {name: moved(value, here) for name, value in result.items() if name not in OURS}
    try:
        kafka.start()
        installation = fresh(tmp_path, kafka.bootstrap, PARTITIONS=12)
        assert len(topics.create(installation.settings())) == 11
        assert topics.check(installation.settings()) == []
    finally:
        kafka.stop()


def moved(value: str, ports: dict[str, int]) -> str:
    """Put addresses of this machine in place of the stack's."""
    out = value.replace("kafka:", "127.0.0.1:").replace("//:", "//127.0.0.1:")
    for theirs, mine in ports.items():
        out = out.replace(f"1:{theirs}", f"1:{mine}")
    return out
