"""What the JSON decoder says of a bad record, as a refusal: a bounded kind for labels, the sentence for people."""

from schemas.dead_letters import Refusal, RefusalKind

BEGINNINGS = (
    ("value is", RefusalKind.NO_VALUE),
    ("value of", RefusalKind.TOO_LARGE),
    ("JSON is", RefusalKind.BROKEN_JSON),
    ("Input data", RefusalKind.BROKEN_JSON),
    ("Object missing", RefusalKind.MISSING_FIELD),
    ("Invalid UTF-8", RefusalKind.NOT_UTF8),
    ("Invalid enum", RefusalKind.UNKNOWN_TYPE),
    ("maximum recursion", RefusalKind.NESTED_TOO_DEEP),
)


def refusal_of(reason: str) -> Refusal:
    """Return the refusal for what a decoder says: a value of a bad record must not become a label.

    >>> refusal_of("Expected `int`, got `str` - at `$.event_time`").kind
    <RefusalKind.INVALID_FIELD: 'invalid field'>
    """
    kinds = (kind for beginning, kind in BEGINNINGS if reason.startswith(beginning))
    return Refusal(next(kinds, RefusalKind.INVALID_FIELD), reason)
