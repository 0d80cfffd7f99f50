"""Chains of writers: how the published fields, flags and kinds of a model become one compiled function each."""

from collections.abc import Sequence

from schemas.inputs.declaration import Kind
from schemas.row import Bytes, Ints
from streams.compiled import link
from streams.outputs.flag_ids import ID_SIZE
from streams.outputs.json_text import PackedTexts, pack_texts, put, put_bytes, put_fixed, put_int
from streams.outputs.layout import FLAG_TEXTS, FieldSlot
from streams.rules.rule import Flag, Kernel, Row, Value

COMMA = 44


def write_fields(slots: Sequence[FieldSlot]) -> Kernel:
    """Return the kernel ``(out, at, fan, params) -> at`` that writes published fields and the text before each."""
    slot, rest = slots[0], slots[1:]
    before = pack_texts([slot.before])
    if slot.published is None:

        @link
        def write_end(out: Bytes, at: int, f: Row, p: Row) -> int:
            return put(out, at, before, 0)

        return write_end
    following, value = write_fields(rest), slot.published.value
    field = slot.published.field
    if field.texts:
        texts = pack_texts(list(field.texts))

        @link
        def write_text(out: Bytes, at: int, f: Row, p: Row) -> Value:
            return following(out, put(out, put(out, at, before, 0), texts, value(f, p)), f, p)

        return write_text
    if field.decimals is None:

        @link
        def write_int(out: Bytes, at: int, f: Row, p: Row) -> Value:
            return following(out, put_int(out, put(out, at, before, 0), value(f, p)), f, p)

        return write_int
    decimals = field.decimals

    @link
    def write_number(out: Bytes, at: int, f: Row, p: Row) -> Value:
        return following(out, put_fixed(out, put(out, at, before, 0), value(f, p), decimals), f, p)

    return write_number


def write_flags(flags: Sequence[Flag]) -> Kernel:
    """Return the kernel ``(out, at, fan, ids, k, n) -> (at, k)`` that writes the fan's standing flags.

    ``k`` is the place of the fan's first id among ``ids``, ``n`` how many flags are written already.
    """
    if not flags:
        return _no_flags
    flag, rest = flags[0], write_flags(flags[1:])
    stands, severity, since = flag.stands, flag.severity, flag.since
    assert stands is not None
    assert severity is not None
    assert since is not None
    parts = _flag_texts(flag)

    @link
    def write_flag(out: Bytes, at: int, f: Row, ids: Bytes, k: int, n: int) -> Value:
        if stands(f):
            if n:
                out[at] = COMMA
                at += 1
            at = put_bytes(out, put(out, at, parts, 0), ids, ID_SIZE * k, ID_SIZE * (k + 1))
            at = put_int(out, put(out, at, parts, 1), severity(f))
            at = put(out, put_int(out, put(out, at, parts, 2), since(f)), parts, 3)
            k, n = k + 1, n + 1
        return rest(out, at, f, ids, k, n)

    return write_flag


def _flag_texts(flag: Flag) -> PackedTexts:
    begin, kind, severity, since, end, _ = FLAG_TEXTS
    return pack_texts([begin, kind + flag.spec.kind + severity, since, end])


@link
def _no_flags(out: Bytes, at: int, f: Row, ids: Bytes, k: int, n: int) -> tuple[int, int]:
    return at, k


def standing_finder(flags: Sequence[Flag]) -> Kernel:
    """Return the kernel ``(fan, row, found, n) -> n`` that writes row, number and start of a fan's standing flags."""
    if not flags:
        return _none_found
    flag, rest = flags[0], standing_finder(flags[1:])
    stands, since, number = flag.stands, flag.since, flag.spec.number
    assert stands is not None
    assert since is not None

    @link
    def find(f: Row, row: int, found: Ints, n: int) -> Value:
        if stands(f):
            found[0, n], found[1, n], found[2, n] = row, number, since(f)
            n += 1
        return rest(f, row, found, n)

    return find


@link
def _none_found(f: Row, row: int, found: Ints, n: int) -> int:
    return n


def write_counts(kinds: Sequence[Kind]) -> Kernel:
    """Return the kernel ``(out, at, fan, n) -> at`` that writes counts that are not zero; ``n`` stand there already."""
    if not kinds:
        return _no_counts
    kind, rest = kinds[0], write_counts(kinds[1:])
    name, count = pack_texts([f'"{kind.name}":']), f"count_{kind.name}"

    @link
    def write_count(out: Bytes, at: int, f: Row, n: int) -> Value:
        if f[count]:
            if n:
                out[at] = COMMA
                at += 1
            at = put_int(out, put(out, at, name, 0), f[count])
            n += 1
        return rest(out, at, f, n)

    return write_count


@link
def _no_counts(out: Bytes, at: int, f: Row, n: int) -> int:
    return at
