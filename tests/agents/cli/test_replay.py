"""A replay ends when its scores are quiet: not at once, and not while one still comes."""

from agents.cli.processes.replay import QUIET_LOOKS, until_quiet


def test_it_waits_until_nothing_has_come_for_so_many_looks() -> None:
    answers, pauses = [5, 5, 9, 9, 9, 12, *[12] * QUIET_LOOKS, 12], list[int]()
    left = iter(answers)
    until_quiet(lambda: next(left), lambda: pauses.append(1))
    assert len(pauses) == 5 + QUIET_LOOKS
    assert list(left) == [12]
