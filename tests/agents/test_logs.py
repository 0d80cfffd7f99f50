"""Claims about what people read at night."""

import logging

from agents.logs import MAX_MESSAGES, REPEAT_EVERY_S, Seldom


def record(at: float, text: str, *args: object, name: str = "aiokafka.client") -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, "", 0, text, args, None)
    made.created = at
    return made


def logged(*records: logging.LogRecord) -> list[str]:
    seldom = Seldom()
    return [one.getMessage() for one in records if seldom.filter(one)]


def test_a_library_that_repeats_itself_is_told_now_and_then_with_how_often() -> None:
    step = REPEAT_EVERY_S / 4
    lines = logged(*(record(100 + step * n, "no way to node %d: %s", n, "refused") for n in range(9)))
    again = ["no way to node 4: refused (and 3 times more)", "no way to node 8: refused (and 3 times more)"]
    assert lines == ["no way to node 0: refused", *again]


def test_other_words_and_our_own_lines_are_all_told() -> None:
    records = [record(1e9, "one"), record(1e9, "another"), *(record(1e9, "ours", name="agents.serve") for _ in "123")]
    assert logged(*records) == ["one", "another", "ours", "ours", "ours"]


def test_words_that_are_always_new_take_no_memory() -> None:
    seldom = Seldom()
    assert all(seldom.filter(record(1e9, f"at {n}")) for n in range(3 * MAX_MESSAGES))
    assert len(seldom._logged) <= MAX_MESSAGES + 1
