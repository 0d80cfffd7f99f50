"""The parameter file: its fields are those of the model's rules, and a value that makes no sense is refused."""

from pathlib import Path

import pytest

from agents import brands
from agents.errors import ConfigError
from agents.settings import Settings
from streams.fans.model import MODEL

WHOLE = """
platforms = ["weibo"]
[default]
daily_cap = 10
[brands.miot]
version = 3
staff = ["weibo:900001"]
influence_half_life = 80.0
half_saturation = 15.0
sentiment_step = 0.5
negative_mean = -0.2
negative_comments = 4
negative_comment = -0.7
negative_clear = 0.1
part_weight = { talk = 0.5, share = 0.2, influence = 0.3 }
weight = { like = 2, comment = 5, attribution = 0.5 }
"""


def load(tmp_path: Path, text: str) -> brands.ParamsFile:
    path = tmp_path / "params.toml"
    path.write_text(text, encoding="utf-8")
    return brands.load(Settings(params=str(path)))


def test_kernels_read_what_the_file_says(tmp_path: Path) -> None:
    file = load(tmp_path, WHOLE)
    assert file.platforms == ("weibo",)
    found = brands.brands(file)
    assert (found.names, found.versions) == (["other", "miot"], ["1", "3"])
    assert found.staff == {b"miot:weibo:900001"}
    other, miot = found.rows
    assert (int(other["daily_cap"]), int(miot["daily_cap"])) == (10, 20)
    numbers = {kind.name: kind.number for kind in MODEL.kinds}
    assert [float(miot["weight"][numbers[name]]) for name in ("like", "attribution", "repost")] == [2.0, 0.5, 5.0]
    assert miot["part_weight"].tolist() == [0.5, 0.2, 0.3]
    assert float(miot["influence_half_life"]) == 80.0


def test_without_a_file_every_brand_has_the_defaults() -> None:
    found = brands.brands(brands.load(Settings()))
    assert found.names == ["other"]
    assert float(found.rows[0]["half_saturation"]) == 20.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[brands.miot]\nhalf_way = 20.0\n", "half_way"),
        ("[default]\ntalk_half_life = nan\n", "talk_half_life"),
        ("[default]\ntalk_half_life = inf\n", "talk_half_life must be a finite number"),
        ("[default]\nweight = { like = inf }\n", "weight must be a finite number"),
        ("[default]\ntalk_half_life = 0.0\n", "talk_half_life"),
        ("[default]\nnegative_comment = -0.1\n", "negative_comment must not be above negative_mean"),
        ("[default]\npart_weight = { talk = 0.9 }\n", "not be more than 1 together"),
        ("[default]\nweight = { click = 1 }\n", "click"),
        ("[default]\nstaff = ['weibo:1']\n", "staff"),
        ("[brands.'a:b']\nversion = 2\n", "'a:b' is not a brand_id"),
        ("platforms = 7\n", "platforms"),
        ("[default\n", "params.toml"),
    ],
)
def test_a_bad_value_is_refused_with_its_name(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load(tmp_path, text)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FANPULSE_PARAMS"):
        brands.load(Settings(params=str(tmp_path / "missing.toml")))
