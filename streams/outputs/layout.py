"""What stands where in a score record: the published fields in order, the text before each, and the longest record."""

from typing import NamedTuple

from streams.fans.model import Model
from streams.outputs.flag_ids import ID_SIZE
from streams.rules.rule import Published

MAX_INT_BYTES = 20  # of a signed 64-bit integer
FLAG_TEXTS = ('{"flag_id":"', '","kind":"', '","severity":', ',"since":', "}", ",")
FRAME_BYTES = 160  # of what belongs to no rule: schema, ids, flags, counts, version, as_of, seq


class FieldSlot(NamedTuple):
    """A published field and the text that stands before it; ``published`` None: the text that ends the last one."""

    before: str
    published: Published | None


class ScoreLayout(NamedTuple):
    """The fields of a record, and the bytes that a record may take without its key."""

    fields: list[FieldSlot]
    max_bytes: int


def score_layout(model: Model) -> ScoreLayout:
    """Return where each published field of a model stands; those of one group stand together.

    >>> from streams.fans.model import MODEL
    >>> [slot.before for slot in score_layout(MODEL).fields][:2]
    [',"usual_gap_s":', ',"first_seen":']
    """
    slots: list[FieldSlot] = []
    close, group = "", ""
    for one in _by_group(model.published):
        name = one.field.path.rpartition(".")
        before = close
        if name[0] == group:
            before += ","
        else:
            before += "}" if group else ""
            before += f',"{name[0]}":{{' if name[0] else ","
            group = name[0]
        before += f'"{name[2]}":' + ('"' if one.field.texts else "")
        close = '"' if one.field.texts else ""
        slots.append(FieldSlot(before, one))
    slots.append(FieldSlot(close + ("}" if group else ""), None))
    return ScoreLayout(slots, _max_bytes(model, slots))


def _by_group(published: list[Published]) -> list[Published]:
    groups: dict[str, list[Published]] = {}
    for one in published:
        group, dot, _ = one.field.path.rpartition(".")
        groups.setdefault(group if dot else one.field.path, []).append(one)
    return [one for some in groups.values() for one in some]


def _max_bytes(model: Model, slots: list[FieldSlot]) -> int:
    fields = 0
    for slot in slots:
        fields += len(slot.before.encode())
        if slot.published is not None:
            field = slot.published.field
            texts = max((len(text.encode()) for text in field.texts), default=0)
            fields += texts or MAX_INT_BYTES + 1 + (field.decimals or 0)
    around = sum(len(piece) for piece in FLAG_TEXTS) + ID_SIZE + 2 * MAX_INT_BYTES
    flags = sum(around + len(spec.kind.encode()) for spec in model.flag_specs if spec.is_standing)
    counts = sum(len(kind.name) + 4 + MAX_INT_BYTES for kind in model.kinds)
    version_as_of_seq = 3 * MAX_INT_BYTES
    return FRAME_BYTES + fields + flags + counts + version_as_of_seq
