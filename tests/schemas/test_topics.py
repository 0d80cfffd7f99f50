"""Topics as they are promised: what is kept, for how long, and under which name."""

from schemas.topics import DAY_MS, Names

NAMES = Names("eu-", "out-", "g")
SPECS = {spec.name: spec for spec in NAMES.specs()}


def test_state_is_compacted_and_kept_and_the_rest_is_deleted_after_its_time() -> None:
    kept = {"out-g-fans-changelog", "out-fan-scores"}
    assert {name for name, spec in SPECS.items() if spec.cleanup == "compact"} == kept
    assert {SPECS[name].retention_ms for name in kept} == {-1}
    month = {*NAMES.inputs, "out-fan-flags", "out-dead-letters"}
    assert {"eu-likes", "eu-purchases", "out-g-attribution"} < month
    assert {name for name, spec in SPECS.items() if spec.retention_ms == 30 * DAY_MS} == month
    assert (SPECS["out-g-clock"].retention_ms, SPECS["out-g-dedup"].retention_ms) == (DAY_MS, 7 * DAY_MS)
    assert len(SPECS) == len(kept) + len(month) + 2


def test_three_replicas_want_two_in_step() -> None:
    for spec in SPECS.values():
        assert "min.insync.replicas" not in spec.config(1)
        assert spec.config(3)["min.insync.replicas"] == "2"


def test_the_broker_stamps_what_is_measured_by_its_stamp() -> None:
    for name, spec in SPECS.items():
        stamp = spec.config(1).get("message.timestamp.type")
        assert stamp == (None if name in {NAMES.clock, NAMES.dedup, NAMES.changelog("fans")} else "LogAppendTime"), name


def test_keys_are_fans_except_for_clock_dedup_and_dead_letters() -> None:
    others = {"out-g-clock": "none", "out-g-dedup": "none", "out-dead-letters": "as received"}
    assert {name: spec.key for name, spec in SPECS.items()} == {
        name: others.get(name, "brand_id:fan_id") for name in SPECS
    }
