"""A document per topic, derived from what inputs and rules declare."""

from collections.abc import Iterable, Sequence

from schemas.contract.inputs import input_document
from schemas.contract.outputs import flags_document, scores_document
from schemas.contract.schema import Document, head
from schemas.dead_letters import RefusalKind
from schemas.inputs.declaration import Input
from schemas.inputs.lookup import public
from schemas.outputs.fields import FlagSpec, PublishedField
from schemas.topics import DEAD_LETTERS, FAN_FLAGS, FAN_SCORES, Names, TopicSpec

DEAD = (
    "A refused record as it was received, cut at 64 KB. Its headers say where it came from and why it was refused. "
    "It may contain what a fan wrote."
)
NUMBER_SCHEMA = {"type": "string", "pattern": "^-?[0-9]+$"}
HEADERS: Document = {
    "topic": {"type": "string", "description": "The topic it came from."},
    "partition": {**NUMBER_SCHEMA, "description": "Its partition in that topic."},
    "offset": {**NUMBER_SCHEMA, "description": "Its offset in that partition."},
    "reason": {"type": "string", "description": "Why it was refused, as a sentence."},
    "kind": {
        "type": "string",
        "description": "Why it was refused, as a value of a closed set.",
        "enum": [str(kind) for kind in RefusalKind],
    },
}


def documents(
    inputs: Sequence[Input], flag_specs: Sequence[FlagSpec], published: Iterable[PublishedField]
) -> dict[str, Document]:
    """Return the documents of all public topics, by the topics' names without a prefix.

    >>> from schemas.inputs import COMMENTS, LIKES
    >>> list(documents((LIKES, COMMENTS), (), ()))
    ['likes', 'comments', 'fan-scores', 'fan-flags', 'dead-letters']
    """
    specs = {spec.name: spec for spec in Names("", "", "", tuple(inputs)).specs()}
    return {
        **{source.name: input_document(source, specs[source.name]) for source in public(inputs)},
        FAN_SCORES: scores_document(specs[FAN_SCORES], inputs, flag_specs, published),
        FAN_FLAGS: flags_document(specs[FAN_FLAGS], flag_specs),
        DEAD_LETTERS: _dead_letters(specs[DEAD_LETTERS]),
    }


def _dead_letters(spec: TopicSpec) -> Document:
    return head(spec, "out", {"headers": HEADERS}, DEAD)
