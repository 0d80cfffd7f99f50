"""What of the last release's contract a new one breaks: a sentence for each break."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.contract.schema import Document
from schemas.contract.values import Side, breaks_of_values


class Break(NamedTuple):
    """One thing that a producer or a reader of the last release would stumble over."""

    topic: str
    field: str  # its place in the record, empty for the topic as such
    message: str


def breaks(old: dict[str, Document], new: dict[str, Document]) -> list[Break]:
    """Return what is broken, topic by topic.

    What producers of the last release send must still be taken, and what readers of the last release understand must
    still be all that comes: an input may only become wider, an output only narrower. New fields are no break in
    either, for both sides ignore what they do not know.
    """
    found = []
    for topic, was in old.items():
        if topic not in new:
            found.append(Break(topic, "", "the topic is gone"))
            continue
        found += _of_topic(topic, was, new[topic])
        side = Side.INPUT if was["x-topic"]["direction"] == "in" else Side.OUTPUT
        found += [Break(topic, field, message) for field, message in breaks_of_values(was, new[topic], side)]
    return found


def _of_topic(topic: str, old: Document, new: Document) -> Iterator[Break]:
    was, now = old["x-topic"], new["x-topic"]
    for word in ("direction", "key", "key_pattern", "cleanup"):
        if was.get(word) != now.get(word):
            yield Break(topic, "", f"{word.replace('_', ' ')} was {was.get(word)} and is {now.get(word)}")
    if was.get("longest", 0) > now.get("longest", 0):
        yield Break(topic, "", f"a record could have {was['longest']} bytes and may have {now.get('longest', 0)}")
    for header in was.get("headers", {}):
        if header not in now.get("headers", {}):
            yield Break(topic, "", f"header {header} is gone")
