"""Send one like, and read the fan's score: python first_event.py localhost:9092."""

# ruff: noqa: T201
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer

broker = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
prefix = sys.argv[2] if len(sys.argv) > 2 else ""
now = int(time.time() * 1000)
like = {"event_id": f"like-{now}", "brand_id": "miot", "fan_id": "weibo:123", "platform": "weibo", "event_time": now}
producer = KafkaProducer(bootstrap_servers=broker)
producer.send(prefix + "likes", key=b"miot:weibo:123", value=json.dumps(like).encode()).get(10)
scores = KafkaConsumer(prefix + "fan-scores", bootstrap_servers=broker, isolation_level="read_committed",
                       auto_offset_reset="earliest")  # fmt: skip
for record in scores:
    view = json.loads(record.value) if record.value else {}
    if record.key == b"miot:weibo:123" and view["last_seen"] >= now:
        print(view["score"], view["tier"], view["counts"])
        break
