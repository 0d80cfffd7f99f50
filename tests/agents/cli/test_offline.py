"""fit, backtest and sentiment: what they print, what they write, and what they refuse."""

import csv
import gzip
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click import Command
from click.testing import CliRunner, Result
from msgspec.structs import replace

from agents import brands
from agents.cli.offline.backtest import backtest
from agents.cli.offline.fit import fit
from agents.cli.offline.sentiment import sentiment
from agents.errors import ConfigError, FanpulseError
from agents.offline.params_file import FITTED
from agents.settings import Settings
from schemas.inputs import INPUTS
from schemas.inputs.lookup import public
from streams.fans.params import settings_of
from streams.offline.population import simulate
from streams.rules import churn, score
from streams.sentiment.model import read, shipped

WORDS = {"pos": "很好 喜欢", "neg": "太差 退款", "neu": "几点 发货"}
POPULATION = simulate(560, 100.0, 12.0, seed=4)
TOPIC = f"line 2: field topic must be one of {', '.join(source.name for source in public(INPUTS))}$"
UNTIL = f"{datetime.fromtimestamp(POPULATION.end / 1000, UTC).date().replace(day=1)}"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FANPULSE_PARAMS", "FANPULSE_SENTIMENT_MODEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of 560 fans, each tenth line twice, and one line of another brand."""
    file = tmp_path_factory.mktemp("history") / "history.jsonl.gz"
    with gzip.open(file, "wt") as out:
        for i, record in enumerate(POPULATION.history().records):
            event = {**msgspec.json.decode(record.value or b""), "topic": "likes"}
            for _ in range(2 if i % 10 == 0 else 1):
                out.write(json.dumps(event) + "\n")
        out.write("\n" + json.dumps({**event, "brand_id": "other"}) + "\n")
    return file


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("texts") / "texts.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["lang", "text", "label", "more"])
        for i in range(3_450):
            label = tuple(WORDS)[i % 3]
            rows.writerow(["zh" if i % 2 else "en", f'{WORDS[label]}, "x{i}"\nx{i % 7}', label, "-"])
    return file


def run(command: Command, *words: str | Path, given: bytes | None = None) -> Result:
    done = CliRunner().invoke(command, [str(word) for word in words], input=given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_model_is_trained_written_and_used(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.model"
    rows = json.loads(run(fit, "sentiment", texts, "--out", out, "--name", "own 7", "--json").output)
    assert [(row["split"], row["group"]) for row in rows] == [("rows held out", "en"), ("rows held out", "zh")]
    assert min(row["accuracy"] for row in rows) > 0.95
    assert 300 < sum(row["neg"] + row["neu"] + row["pos"] for row in rows) < 400
    assert read(out).name == "own 7"
    judged = json.loads(run(backtest, "sentiment", texts, "--model", out, "--json").output)
    assert [row["group"] for row in judged] == ["en", "zh"]
    assert sum(row["neu"] for row in judged) == 1_150
    scores = run(sentiment, "score", "--model", out, given="太差\n很好\n".encode()).output.split()
    assert float(scores[0]) < -0.6 < 0.6 < float(scores[1])


def test_the_table_has_three_decimals(texts: Path) -> None:
    lines = run(backtest, "sentiment", texts).output.splitlines()
    assert lines[0].split()[:3] == ["split", "texts", "neg"]
    assert {len(cell) for cell in lines[1].split() if cell.startswith("0.")} == {5}


def test_score_prints_one_number_a_line_whatever_the_line() -> None:
    printed = run(sentiment, "score", given=b"good\r\n\n\xff\n" + "差评".encode())
    assert len(printed.output.splitlines()) == 4
    given = ["质量太差 退款", "", "love it", " "]
    printed = run(sentiment, "score", given="\n".join(given).encode())
    assert printed.output.splitlines() == [f"{value:.4f}" for value in shipped().score(given)]


def test_the_settings_model_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.model"
    broken.write_bytes(b"FPSM" + bytes(99))
    monkeypatch.setenv("FANPULSE_SENTIMENT_MODEL", str(broken))
    with pytest.raises(ConfigError, match="format 0"):
        run(sentiment, "score", given=b"x\n")
    with pytest.raises(ConfigError, match="No such file"):
        run(sentiment, "score", "--model", tmp_path / "none", given=b"x\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column lang, text, label"),
        (b"lang,text\nzh,x\n", "no column label"),
        (b"lang,text,label\nzh,x,bad\n", "line 2: a label is neg, neu or pos, not 'bad'"),
        (b"lang,text,label\n", "no texts"),
        (b"lang,text,label\nzh,\xff\xfe,neg\n", "cannot be read"),
        (b"lang,text,label\nzh,x,neg\n", "at least 1000 texts each of neg and pos are needed"),
    ],
)
def test_a_csv_that_teaches_nothing_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    file, out = tmp_path / "texts.csv", tmp_path / "own.model"
    file.write_bytes(content)
    with pytest.raises(FanpulseError, match=reason):
        run(fit, "sentiment", file, "--out", out)
    assert not out.exists()


def test_fitted_parameters_are_written_and_the_rest_of_the_file_is_kept(history: Path, tmp_path: Path) -> None:
    out = tmp_path / "params.toml"
    out.write_text('platforms = ["weibo"]\n[default]\nversion = 4\n[brands.miot]\nversion = 9\ntalk_half_life = 7.0\n')
    rows = json.loads(run(fit, "churn", history, "--out", out, "--json").output)
    assert [row["brand"] for row in rows] == ["other", "simulated"]
    assert "too few fans" in rows[0]["refused"]
    assert (rows[1]["fans"], rows[1]["version"]) == (560, 5)
    again = json.loads(run(fit, "churn", history, "--brand", "simulated", "--out", out, "--json").output)
    assert again[0]["version"] == 6
    file = brands.load(replace(Settings(), params=str(out)))
    assert (file.platforms, file.default.version) == (("weibo",), 4)
    assert (file.brands["miot"].version, settings_of(file.brands["miot"], score.Settings).talk_half_life) == (9, 7.0)
    fitted = settings_of(file.brands["simulated"], churn.Settings)
    assert {name: getattr(fitted, name) for name in FITTED} == {name: rows[1][name] for name in FITTED}
    assert {name: again[0][name] for name in FITTED} == {name: rows[1][name] for name in FITTED}
    assert set(tomllib.loads(out.read_text())["brands"]) == {"miot", "simulated"}


def test_a_fit_sees_nothing_after_its_day(history: Path) -> None:
    early, late = (
        json.loads(run(fit, "churn", history, "--brand", "simulated", *more, "--json").output)[0]
        for more in (("--until", UNTIL), ())
    )
    assert early["churn_r"] != late["churn_r"]
    assert early["version"] is None


def test_a_brand_with_few_fans_is_refused_with_the_reason(history: Path, tmp_path: Path) -> None:
    with pytest.raises(FanpulseError, match="other: too few fans to fit to: 1, of them 0"):
        run(fit, "churn", history, "--brand", "other", "--out", tmp_path / "p.toml")
    assert not (tmp_path / "p.toml").exists()
    with pytest.raises(FanpulseError, match="no events of brand none"):
        run(fit, "churn", history, "--brand", "none")


def test_fit_churn_wants_a_file_or_the_topics(history: Path) -> None:
    assert run(fit, "churn").exit_code == 2
    assert run(fit, "churn", history, "--topics").exit_code == 2


def test_an_unreadable_parameter_file_is_left_alone(history: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.toml"
    out.write_text("[brands")
    with pytest.raises(ConfigError, match=r"parameter file .*p\.toml"):
        run(fit, "churn", history, "--out", out)
    assert out.read_text() == "[brands"


def test_backtest_ranks_who_comes_back_better_than_chance(history: Path, tmp_path: Path) -> None:
    words = ("churn", history, "--brand", "simulated", "--until", UNTIL, "--json")
    everybody, repeaters = json.loads(run(backtest, *words).output)
    assert (everybody["group"], repeaters["group"]) == ("all", "repeaters")
    assert everybody["parameters"] == "fitted up to that day"
    assert everybody["fans"] > repeaters["fans"] > 200
    assert everybody["base_rate"] == everybody["came_back"] / everybody["fans"]
    assert min(everybody["churn_risk"], everybody["silence"], everybody["p_alive"]) > 0.7
    with_hold_out = json.loads(run(backtest, *words, "--hold-out-days", "3").output)[0]
    assert with_hold_out["came_back"] < everybody["came_back"]
    own = tmp_path / "own.toml"
    own.write_text("[default]\nactivity_half_life = 0.01\n")
    given = json.loads(run(backtest, *words, "--params", own).output)[0]
    assert (given["parameters"], given["activity_half_life"]) == ("of the file", 0.01)
    assert given["churn_risk"] < everybody["churn_risk"]


@pytest.mark.parametrize(("until", "reason"), [("1999-01-01", "no event up to"), ("2099-01-01", "no event after")])
def test_a_day_outside_the_history_is_refused(history: Path, until: str, reason: str) -> None:
    with pytest.raises(FanpulseError, match=reason):
        run(backtest, "churn", history, "--brand", "simulated", "--until", until)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: "),
        ('{"topic": "ticks"}', "line 2: "),
        (
            '{"topic": "attribution", "event_id": "e", "brand_id": "b", "fan_id": "f", "event_time": 5}',
            TOPIC,
        ),
        (
            '{"event_id": "e", "brand_id": "b", "fan_id": "f", "event_time": 5}',
            TOPIC,
        ),
        ('{"topic": "likes", "event_id": "e", "brand_id": "b", "fan_id": "f"}', "line 2: .*`event_time`"),
    ],
)
def test_a_bad_line_is_reported_by_its_number(line: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("\n" + line + "\n")
    with pytest.raises(FanpulseError, match=reason):
        run(fit, "churn", file)


def test_a_torn_file_is_reported(history: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(history.read_bytes()[:-100])
    with pytest.raises(FanpulseError, match="cannot be read"):
        run(fit, "churn", torn)
