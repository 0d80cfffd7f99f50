"""One way to print: the same rows for people and for programs."""

import json

import pytest

from agents.cli.output import show, show_one

ROWS: list[dict[str, object]] = [
    {"fan": "weibo:1", "score": 42.375, "n": 7, "hidden": 1},
    {"fan": "weibo:22", "score": None, "n": 12},
]
COLUMNS = {"fan": "fan", "score": "score", "n": "acts"}


def test_a_table_has_a_line_per_row_and_no_colour_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, COLUMNS, as_json=False, style=lambda _: "red")
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines()] == [
        ["fan", "score", "acts"],
        ["weibo:1", "42.38", "7"],
        ["weibo:22", "12"],
    ]
    assert "\x1b" not in out


def test_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS


def test_long_values_stay_on_their_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"fan": "x" * 200, "score": 1.0, "n": 1}], COLUMNS, as_json=False)
    assert "x" * 200 in capsys.readouterr().out


def test_an_id_can_neither_colour_nor_move_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"fan": "[red]a\x1b[2J\n\u202eb", "score": 1.0, "n": 1}], COLUMNS, as_json=False)
    assert "[red]a·[2J··b" in capsys.readouterr().out


def test_one_thing_is_a_line_per_field_or_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    show_one({"sent": 3, "topics": "likes 3"}, as_json=False)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["sent", "3"], ["topics", "likes", "3"]]
    show_one({"sent": 3}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"sent": 3}
