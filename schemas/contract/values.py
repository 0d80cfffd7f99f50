"""Whether every value that one JSON Schema takes is taken by another, as far as schemas made from structs go."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

import msgspec

Schema = dict[str, Any]

LOWER, UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
WORDS = {"title", "description", "examples", "default", "$schema", "$id", "$defs", "x-topic"}  # judge no value
KNOWN = {"type", "enum", "const", "anyOf", "allOf", "$ref", "properties", "required", "items", "pattern"}
KNOWN |= {*LOWER, *UPPER}
RANK = {"number": ("integer", "number")}  # what else a type takes in


class Side(Enum):
    """Who must not stumble: those who write to us, or those who read from us."""

    INPUT = "in"
    OUTPUT = "out"


class Pair(NamedTuple):
    """A place in the record, as the last release has it and as it is now, each with the definitions it may name."""

    field: str
    old: Schema
    new: Schema
    old_root: Schema
    new_root: Schema
    side: Side

    def at(self, field: str, old: Schema, new: Schema) -> "Pair":
        """Return a place further in."""
        return self._replace(field=field, old=old, new=new)


Breaks = Iterator[tuple[str, str]]  # the field and what is wrong there


def breaks_of_values(old: Schema, new: Schema, side: Side) -> Breaks:
    """Yield each field that breaks, with the sentence why."""
    yield from _place(Pair("", old, new, old, new, side))


def _place(at: Pair) -> Breaks:
    old, new = _plain(at.old, at.old_root), _plain(at.new, at.new_root)
    was, now = _alternatives(old, at.old_root), _alternatives(new, at.new_root)
    for kind in was:
        if kind not in now and at.side is Side.INPUT and not _taken(kind, now):
            yield at.field, f"may no longer be {_called(kind)}"
    for kind in now:
        if kind not in was and at.side is Side.OUTPUT and not _taken(kind, was):
            yield at.field, f"can now be {_called(kind)}"
    if at.side is Side.OUTPUT and not set(was) & set(now) and not any(_taken(kind, was) for kind in now):
        return
    for kind, one in was.items():
        if kind in now:
            yield from _alike(at.at(at.field, one, now[kind]))
    if at.side is Side.INPUT and at.field and old.get("default") != new.get("default") and "default" in old:
        yield at.field, f"meant {_json(old['default'])} where it was left out, and means {_json(new.get('default'))}"


def _alike(at: Pair) -> Breaks:
    """Compare two schemas of the same type."""
    yield from _choices(at)
    yield from _bounds(at)
    for word in sorted((at.old.keys() | at.new.keys()) - KNOWN - WORDS | {"pattern", "anyOf"}):
        old, new = at.old.get(word), at.new.get(word)
        wider = new is None if at.side is Side.INPUT else old is None
        if old != new and not wider:
            yield at.field, f"{word} was {old} and is {new}"
    if "properties" in at.old or "properties" in at.new:
        yield from _fields(at)
    if "items" in at.old and "items" in at.new:
        yield from _place(at.at(f"{at.field}[]", at.old["items"], at.new["items"]))


def _choices(at: Pair) -> Breaks:
    old, new = _values(at.old), _values(at.new)
    if at.side is Side.INPUT and new is not None:
        if old is None:
            yield at.field, f"may only be one of {_list(new)}"
        elif removed := [value for value in old if value not in new]:
            yield at.field, f"may no longer be {_list(removed)}"
    if at.side is Side.OUTPUT and old is not None:
        if new is None:
            yield at.field, f"can be anything, and was one of {_list(old)}"
        elif more := [value for value in new if value not in old]:
            yield at.field, f"can now be {_list(more)}"


def _bounds(at: Pair) -> Breaks:
    """Compare limits: an input's may be loosened, an output's tightened."""
    for word in (*LOWER, *UPPER):
        old, new = at.old.get(word), at.new.get(word)
        narrow, wide = (old, new) if at.side is Side.INPUT else (new, old)
        if wide is None:
            continue
        if narrow is None or (narrow < wide if word in LOWER else narrow > wide):
            yield at.field, f"{word} was {_describe(old)} and is {_describe(new)}"


def _fields(at: Pair) -> Breaks:
    old, new = at.old.get("properties", {}), at.new.get("properties", {})
    needed, needs = set(at.old.get("required", ())), set(at.new.get("required", ()))
    for name, was in old.items():
        field = f"{at.field}.{name}" if at.field else name
        if name not in new:
            yield field, "is gone" if at.side is Side.OUTPUT else "is gone: what is sent there would be ignored"
            continue
        if at.side is Side.INPUT and name in needs - needed:
            yield field, "must now be there, and could be left out"
        if at.side is Side.OUTPUT and name in needed - needs:
            yield field, "can now be left out, and was always there"
        yield from _place(at.at(field, was, new[name]))
    for name in new.keys() - old.keys():
        if at.side is Side.INPUT and name in needs:
            yield f"{at.field}.{name}" if at.field else name, "is new and must be there; nobody sends it yet"


def _plain(schema: Schema, root: Schema) -> Schema:
    """Return a schema with its reference resolved; one within allOf too."""
    for inner in (schema, *schema.get("allOf", ())):
        if "$ref" in inner:
            target: Schema = root["$defs"][inner["$ref"].rpartition("/")[2]]
            return {**target, **{word: what for word, what in schema.items() if word not in {"$ref", "allOf"}}}
    return schema


def _alternatives(schema: Schema, root: Schema) -> dict[str, Schema]:
    """Return a schema's alternatives by their type; an object's own anyOf is a rule, and stays with it."""
    if "anyOf" not in schema or "properties" in schema:
        return {_kind(schema): schema}
    inner = [_plain(one, root) for one in schema["anyOf"]]
    return {_kind(one): one for one in inner}


def _kind(schema: Schema) -> str:
    if "type" in schema:
        return str(schema["type"])
    values = _values(schema) or []
    return "string" if values and all(isinstance(value, str) for value in values) else "any"


def _taken(kind: str, others: dict[str, Schema]) -> bool:
    return any(kind in RANK.get(other, ()) or other == "any" for other in others)


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _called(kind: str) -> str:
    return "null" if kind == "null" else f"of type {kind}"


def _list(values: list[Any]) -> str:
    return ", ".join(map(_json, values))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _describe(bound: float | None) -> str:
    return "not there" if bound is None else str(bound)
