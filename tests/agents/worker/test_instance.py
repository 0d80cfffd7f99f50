"""Who a worker is: a name that nobody else has while it lives."""

from contextlib import closing
from pathlib import Path

import pytest

from agents.errors import ConfigError
from agents.settings import Settings, host
from agents.worker.instance import Instance


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), instance_id="one")
    with closing(Instance.lock(settings)) as first:
        assert first.name == "one"
        with pytest.raises(ConfigError, match="'one' of group 'fanpulse' runs already"):
            Instance.lock(settings)
        with closing(Instance.lock(Settings(data_dir=str(tmp_path), instance_id="one", group="other"))) as other:
            assert other.name == "one"


def test_without_a_name_each_gets_a_slot_and_a_free_one_is_taken_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path))
    first = Instance.lock(settings)
    with closing(Instance.lock(settings)) as second:
        assert [first.name, second.name] == [f"{host()}-0", f"{host()}-1"]
        first.close()
        with closing(Instance.lock(settings)) as third:
            assert third.name == first.name


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="FANPULSE_DATA_DIR"):
        Instance.lock(Settings(data_dir=str(tmp_path / "file")))
