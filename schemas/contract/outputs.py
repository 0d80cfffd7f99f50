"""The documents of fan-scores and fan-flags: a fixed frame, and what the rules declare."""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.contract.schema import (
    Document,
    choice,
    definition,
    head,
    integer,
    moment,
    nullable,
    record,
    reference,
    text,
)
from schemas.inputs.declaration import Input
from schemas.inputs.lookup import kinds, public
from schemas.outputs.fields import FlagSpec, PublishedField
from schemas.topics import TopicSpec

SCORES = (
    "The whole current view of a fan. Read committed records only, and skip a record whose `seq` is not higher than "
    "the one you have. A record without a value deletes the fan's view."
)
FLAGS = "One record per transition. Read committed records only, and skip a (`flag_id`, `state`, `seq`) seen before."
GROUPS = {  # of published fields
    "parts": "The parts of the score.",
    "sentiment": "Sentiment of the fan's comments.",
}
VERSION: Document = {"type": "integer", "description": "Version of this contract.", "const": 1}
SEVERITY = integer("1 to 3; 3 is the most severe.", minimum=1, maximum=3)
IDS = {"brand_id": text("The brand."), "fan_id": text("The fan.")}
MODEL_VERSION = text("Version of the brand's parameters.")

FIRST_SEEN, LAST_SEEN, SILENT_AT = 1_730_000_000_000, 1_732_180_000_000, 1_733_562_400_000
WHO = {"brand_id": "miot", "fan_id": "weibo:123"}
USUAL_GAP_S = 259_200
EXAMPLE_VALUES: dict[str, object] = {
    "score": 42.37,
    "parts.talk": 0.612,
    "parts.share": 0.35,
    "parts.influence": 0.12,
    "parts.relevance": 1.0,
    "parts.authenticity": 1.0,
    "tier": "active",
    "lifecycle": "active",
    "churn_risk": 0.18,
    "sentiment.mean": -0.12,
    "sentiment.n": 7,
    "usual_gap_s": USUAL_GAP_S,
    "first_seen": FIRST_SEEN,
    "last_seen": LAST_SEEN,
}
EXAMPLE_COUNTS = {"like": 12, "repost": 3, "comment": 7, "purchase": 1}


def scores_document(
    spec: TopicSpec, inputs: Iterable[Input], flag_specs: Sequence[FlagSpec], published: Iterable[PublishedField]
) -> Document:
    """Return the document of fan-scores; published fields of one group are a definition named after the group."""
    groups: dict[str, list[PublishedField]] = {}
    for field in published:
        groups.setdefault(field.path.partition(".")[0], []).append(field)
    counted = [kind.name for kind in kinds(public(inputs))]
    standing = [flag.kind for flag in flag_specs if flag.is_standing]
    definitions = {
        _title(name): definition(
            _title(name), GROUPS.get(name, f"{_title(name)} of the fan."), {_last(f): f.schema for f in fields}
        )
        for name, fields in groups.items()
        if _is_group(fields)
    }
    definitions["StandingFlag"] = definition(
        "StandingFlag",
        "A flag that is active.",
        {
            "flag_id": text("The same as in fan-flags."),
            "kind": choice("What the flag is about.", standing),
            "severity": SEVERITY,
            "since": moment("When it became active"),
        },
    )
    counts = {name: integer(f"Number of {name} events that counted; left out if 0.") for name in counted}
    definitions["Counts"] = definition("Counts", "Number of events that counted, by type.", counts, optional=True)
    properties = {
        "schema": VERSION,
        **IDS,
        **{
            name: reference(_title(name), definitions[_title(name)]["description"])
            if _is_group(fields)
            else fields[0].schema
            for name, fields in groups.items()
        },
        "flags": {
            "type": "array",
            "items": {"$ref": "#/$defs/StandingFlag"},
            "description": "Flags that are active now.",
        },
        "counts": reference("Counts", "Number of events that counted, by type."),
        "model_version": MODEL_VERSION,
        "as_of": moment("The moment of this view"),
        "seq": integer("Grows with every change of this fan. Skip a record whose seq is not higher.", minimum=1),
    }
    example = _scores_example(groups, standing, counted)
    return {**record(properties), **head(spec, "out", {}, SCORES), "examples": [example], "$defs": definitions}


def flags_document(spec: TopicSpec, flag_specs: Sequence[FlagSpec]) -> Document:
    """Return the document of fan-flags; its closed sets are those of all flags."""
    evidence = {
        "usual_gap_s": integer("Mean seconds between the fan's active days; 0 while there is only one."),
        "silent_for_s": integer("Seconds since the fan's last act."),
        "event_id": nullable("string", "The event that caused the transition; null if time did."),
        "post_id": nullable("string", "The post of that event; null if there is none."),
    }
    properties = {
        "schema": VERSION,
        "flag_id": text(
            "Id of the episode, the same from its beginning to its end. (flag_id, state, seq) identifies a transition."
        ),
        **IDS,
        "kind": choice("What the flag is about.", [flag.kind for flag in flag_specs]),
        "state": choice("The new state. For kind tier: the new tier.", _union(flag.states for flag in flag_specs)),
        "from": choice("The state before.", _union(flag.origins for flag in flag_specs)),
        "reason": choice("Why the state changed.", _union(flag.reasons for flag in flag_specs)),
        "severity": SEVERITY,
        "evidence": reference("Evidence", "What explains the transition to a person."),
        "score": {
            "type": "number",
            "description": "The fan's score at that moment, 0 to 100.",
            "minimum": 0,
            "maximum": 100,
        },
        "model_version": MODEL_VERSION,
        "as_of": moment("When the state changed"),
        "seq": integer("The same counter as in fan-scores.", minimum=1),
    }
    return {
        **record(properties),
        **head(spec, "out", {}, FLAGS),
        "examples": [_flag_example(flag) for flag in flag_specs if flag.is_standing][:1],
        "$defs": {"Evidence": definition("Evidence", "What explains a transition to a person.", evidence)},
    }


def _is_group(fields: list[PublishedField]) -> bool:
    return "." in fields[0].path


def _last(field: PublishedField) -> str:
    return field.path.rpartition(".")[2]


def _title(name: str) -> str:
    """Return the name of a group's definition.

    >>> _title("last_orders")
    'LastOrders'
    """
    return "".join(word.capitalize() for word in name.split("_"))


def _union(sets: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(value for some in sets for value in some))


def _scores_example(groups: dict[str, list[PublishedField]], standing: list[str], counted: list[str]) -> Document:
    values: Document = {}
    for name, fields in groups.items():
        found = {_last(field): _example_value(field) for field in fields}
        values[name] = found if _is_group(fields) else found[name]
    flags = [{"flag_id": "35d3b906fc051ab1", "kind": kind, "severity": 2, "since": LAST_SEEN} for kind in standing[-1:]]
    counts = {name: n for name, n in EXAMPLE_COUNTS.items() if name in counted}
    end = {"model_version": "1", "as_of": LAST_SEEN, "seq": 23}
    return {"schema": 1, **WHO, **values, "flags": flags, "counts": counts, **end}


def _example_value(field: PublishedField) -> object:
    """Return a value for a field: our own where we have one, else the first text or the least number."""
    first: Any = field.texts[0] if field.texts else field.schema.get("minimum", 0)
    return EXAMPLE_VALUES.get(field.path, first)


def _flag_example(flag: FlagSpec) -> Document:
    state, reason = flag.transitions[0]
    return {
        "schema": 1,
        "flag_id": "77ab04f1c2d3e4f5",
        **WHO,
        "kind": flag.kind,
        "state": state,
        "from": flag.origins[min(1, len(flag.origins) - 1)],
        "reason": reason,
        "severity": 1,
        "evidence": {"usual_gap_s": USUAL_GAP_S, "silent_for_s": 1_382_400, "event_id": None, "post_id": None},
        "score": 38.1,
        "model_version": "1",
        "as_of": SILENT_AT,
        "seq": 24,
    }
