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
    "A record that was refused, as it came, cut at 64 KB; where it came from and why is in the headers. "
    "It may hold a fan's words."
)
NUMBER = {"type": "string", "pattern": "^-?[0-9]+$"}
HEADERS: Document = {
    "topic": {"type": "string", "description": "The topic that it came from."},
    "partition": {**NUMBER, "description": "Its partition there."},
    "offset": {**NUMBER, "description": "Its offset there."},
    "reason": {"type": "string", "description": "Why it was refused, in a sentence."},
    "kind": {
        "type": "string",
        "description": "Why it was refused, as one of a closed set.",
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
