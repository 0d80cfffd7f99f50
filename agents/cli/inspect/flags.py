"""`fanpulse flags`: follow flags: fans who may leave, are angry, or came back."""

from collections.abc import Iterator

import click
import msgspec
import orjson
from kafka import KafkaConsumer, TopicPartition
from rich.text import Text

from agents.cli.inspect.words import sentence
from agents.cli.output import cell, console, json_line, json_option, moment
from agents.errors import ConfigError
from agents.kafka.connection import reader
from agents.settings import Settings, read
from schemas.outputs.records import FanFlag
from streams.fans.model import MODEL

FLAGS_POLL_MS = 250
FLAG_KINDS = [spec.kind for spec in MODEL.flag_specs]
STYLES = {"raised": "red", "churned": "red", "at_risk": "yellow", "returned": "green", "cleared": "green"}

_flag = msgspec.json.Decoder(FanFlag)


@click.group()
def flags() -> None:
    """Follow flags as they are published."""


@flags.command()
@click.option("--brand", help="Only this brand.")
@click.option("--kind", type=click.Choice(FLAG_KINDS), help="Only this kind.")
@click.option("--from-beginning", is_flag=True, help="Start with the oldest flag that retention has kept.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after N flags.")
@json_option
def tail(brand: str | None, kind: str | None, from_beginning: bool, limit: int | None, as_json: bool) -> None:
    """Print one line per flag, until Ctrl-C.

    With --json each line is the record exactly as published.
    """
    settings, out, n = read(), console(), 0
    with reader(settings, isolation_level="read_committed", fetch_max_wait_ms=FLAGS_POLL_MS) as client:
        _begin(client, settings, from_beginning=from_beginning)
        for flag, raw in _follow(client):
            if (brand or flag.brand_id) != flag.brand_id or (kind or flag.kind) != flag.kind:
                continue
            if as_json:
                json_line(orjson.loads(raw))
            else:
                out.print(_line(flag), soft_wrap=True)
            n += 1
            if n == limit:
                return


def _begin(client: KafkaConsumer, settings: Settings, *, from_beginning: bool) -> None:
    topic = settings.names.fan_flags
    numbers = client.partitions_for_topic(topic)
    if not numbers:
        raise ConfigError(f"topic {topic} does not exist; `fanpulse topics create` creates it")
    partitions = [TopicPartition(topic, n) for n in sorted(numbers)]
    client.assign(partitions)
    # Offsets are looked up now: a lazy seek would miss what is written before the first poll.
    places = client.beginning_offsets(partitions) if from_beginning else client.end_offsets(partitions)
    for partition, offset in places.items():
        client.seek(partition, offset)


def _follow(client: KafkaConsumer) -> Iterator[tuple[FanFlag, bytes]]:
    while True:
        for records in client.poll(timeout_ms=FLAGS_POLL_MS).values():
            for record in records:
                raw = record.value or b""
                try:
                    yield _flag.decode(raw), raw
                except msgspec.DecodeError:
                    at = f"{record.topic}/{record.partition}@{record.offset}"
                    click.echo(f"fanpulse: {at} is not a flag that this version can read", err=True)


def _line(flag: FanFlag) -> Text:
    line = Text(f"{moment(flag.as_of)}  ")
    line.append_text(cell(flag.brand_id)).append("  ").append_text(cell(flag.fan_id)).append("  ")
    line.append(f"{flag.kind} {cell(flag.state)}", STYLES.get(flag.state, "")).append("  ")
    return line.append_text(cell(sentence(flag)))
