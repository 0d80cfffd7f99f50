"""A service that reads scores and flags, each once.

    pip install kafka-python
    python consumer.py localhost:9092

Kafka hands out a record again after a crash or a rebalance. Scores carry `seq`, flags carry `flag_id`, `state` and
`seq`: what is not newer, or was seen before, is dropped. Both are remembered in the transaction of what is done with
the record, so that nothing is done twice, whenever this program ends. In your service the tables are in your database.
"""

# ruff: noqa: T201
import json
import sqlite3
import sys
from typing import Any

from kafka import KafkaConsumer

TABLES = """
create table if not exists score (fan text primary key, seq integer, record text);
create table if not exists flag (flag_id text, state text, seq integer, record text, primary key (flag_id, state, seq));
"""
NEWER = """
insert into score values (?, ?, ?) on conflict do
update set seq = excluded.seq, record = excluded.record where excluded.seq > seq
"""
FIRST = "insert into flag values (?, ?, ?, ?) on conflict do nothing"


def take(database: sqlite3.Connection, key: str, value: str | None, *, is_score: bool) -> dict[str, Any] | None:
    """Keep a record, and return it if it was new."""
    if value is None:  # the fan was erased: forget them
        database.execute("delete from score where fan = ?", (key,))
        return None
    record: dict[str, Any] = json.loads(value)
    if is_score:
        done = database.execute(NEWER, (key, record["seq"], value))
    else:
        done = database.execute(FIRST, (record["flag_id"], record["state"], record["seq"], value))
    return record if done.rowcount else None


def main(broker: str, prefix: str = "", file: str = "consumer.db", group: str = "example-python") -> None:
    """Read forever; print what is new."""
    scores, flags = prefix + "fan-scores", prefix + "fan-flags"
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    consumer = KafkaConsumer(
        scores,
        flags,
        bootstrap_servers=broker,
        group_id=group,
        isolation_level="read_committed",  # what an aborted transaction left behind does not count
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    while True:
        for records in consumer.poll(timeout_ms=500).values():
            with database:  # one transaction for what poll returned
                for record in records:
                    key, value = record.key.decode(), record.value and record.value.decode()
                    new = take(database, key, value, is_score=record.topic == scores)
                    if new and record.topic == scores:
                        print("score", key, new["seq"], new["score"], new["tier"], flush=True)
                    elif new:  # send the coupon, ring the fan up
                        print("flag", key, new["flag_id"], new["kind"], new["state"], new["reason"], flush=True)
        consumer.commit()  # after the database: a crash in between means to read again, not to miss


if __name__ == "__main__":
    main(*sys.argv[1:])
