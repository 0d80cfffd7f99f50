"""The list of inputs: numbers and names are used once, and each kind has row cells of its own."""

import pytest

from schemas.inputs import INPUTS
from schemas.inputs.declaration import Input, Kind, Part
from schemas.inputs.lookup import cells, kinds, public
from schemas.topics import Names

NAMES = Names("eu-", "out-", "g")


def test_the_groups_own_topics_carry_its_name_and_all_inputs_are_found_by_name() -> None:
    assert set(NAMES.inputs.values()) == set(INPUTS)
    assert set(NAMES.public_inputs.values()) == set(public(INPUTS))
    assert {spec.name for spec in NAMES.specs() if spec.is_internal} == {
        spec.name for spec in NAMES.specs() if "-g-" in spec.name
    }


def test_numbers_and_names_are_used_once() -> None:
    like = INPUTS[0].kinds[0]
    numbers = [kind.number for kind in kinds(INPUTS)]
    assert numbers == sorted({kind.number for source in INPUTS for kind in source.kinds})
    with pytest.raises(ValueError, match="share one input number"):
        kinds([INPUTS[0], INPUTS[0]])
    for other, what in (
        (Kind(0, "other", Part.NONE, 0.0, 99), "kind number"),
        (Kind(99, "like", Part.NONE, 0.0, 99), "kind name"),
    ):
        with pytest.raises(ValueError, match=f"share one {what}"):
            kinds([_input(like), _input(other, number=98)])
    with pytest.raises(ValueError, match="'no-name' is no identifier"):
        kinds([_input(Kind(0, "no-name", Part.NONE, 0.0, 99))])


def test_cells_of_all_kinds_have_numbers_of_their_own() -> None:
    numbers = [cell.number for kind in kinds(INPUTS) for cell in cells(kind)]
    assert len(numbers) == len(set(numbers))
    assert [kind.name for kind in kinds(INPUTS) if (kind.weight > 0) != (kind.cap_cells is not None)] == ["attribution"]


def _input(kind: Kind, number: int = 99) -> Input:
    return Input(number=number, name=f"input-{number}", about="", record=INPUTS[0].record, kinds=(kind,))
