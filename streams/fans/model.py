"""A model: the inputs and the rules that a program is composed of. Everything that derives from them takes a model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from inspect import getfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from schemas.inputs import INPUTS
from schemas.inputs.declaration import Input, Kind
from schemas.inputs.lookup import cells, kinds
from schemas.outputs.fields import FlagSpec
from schemas.row import Cell, cells_of, row_dtype
from streams.fans.params import Params, brand_struct, params_dtype, params_struct
from streams.rules import RULES
from streams.rules.rule import Fan, Flag, Gauge, Kernel, Published, Rule

LAYOUT = 2  # of the rows; layout 1 held offsets and event ids in the row


class SparseStore(Protocol):
    """Sparse state of a partition: plain objects by key, with timers on the service clock."""

    def observe(self, source: Input, acts: list[Any], now: int) -> None:
        """Take in the acts of one batch that counted, in order; ``now`` in ms."""

    def fire_timers(self, now: int) -> None:
        """Let the service clock reach ``now``, ms."""

    def poll_changelog(self) -> list[tuple[bytes, bytes | None]]:
        """Return keys and values that changed since the last call; None deletes."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one changelog record; of two for one key the later wins.

        Raises:
            ValueError: the value is not one of this store.
        """


class StoreSpec(Struct, frozen=True):
    """A sparse store of a model: its name in topics, and how a partition gets one."""

    name: str
    create: Callable[[], SparseStore]


@dataclass(frozen=True)
class Model:
    """Inputs, rules in the order of judging, and sparse stores.

    >>> from streams.fans.model import MODEL
    >>> MODEL.dtype.names[:3]
    ('layout', 'as_of', 'seq')
    """

    inputs: tuple[Input, ...] = INPUTS
    rules: tuple[Rule, ...] = RULES
    stores: tuple[StoreSpec, ...] = field(default=())

    @cached_property
    def kinds(self) -> list[Kind]:
        """Types of event in the order of their numbers."""
        return kinds(self.inputs)

    @cached_property
    def inputs_by_number(self) -> dict[int, Input]:
        """Inputs by their declared number."""
        return {source.number: source for source in self.inputs}

    @cached_property
    def cells(self) -> list[Cell]:
        """Row fields in the order of their numbers."""
        own = [*cells_of(Fan), *(cell for rule in self.rules for cell in cells_of(rule.state))]
        return sorted([*own, *(cell for kind in self.kinds for cell in cells(kind))])

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """The row of a fan."""
        return row_dtype(self.cells)

    @cached_property
    def params(self) -> type[Params]:
        """Struct of a brand's parameters."""
        return params_struct(self.kinds, self.rules)

    @cached_property
    def brand(self) -> type[Params]:
        """Struct of a brand in the parameter file."""
        return brand_struct(self.params)

    @cached_property
    def params_dtype(self) -> np.dtype[np.void]:
        """The row of a brand's parameters."""
        return params_dtype(self.params, self.kinds)

    @cached_property
    def flags(self) -> list[Flag]:
        """Flags in the order of their numbers."""
        return sorted((flag for rule in self.rules for flag in rule.flags), key=lambda flag: flag.spec.number)

    @cached_property
    def flag_specs(self) -> tuple[FlagSpec, ...]:
        """What the flags are called, in the order of their numbers."""
        return tuple(flag.spec for flag in self.flags)

    @cached_property
    def published(self) -> list[Published]:
        """Published fields in the order of the rules."""
        return [one for rule in self.rules for one in rule.published]

    @cached_property
    def gauges(self) -> list[Gauge]:
        """The closed sets that fans are counted by."""
        return [gauge for rule in self.rules for gauge in rule.gauges]

    @cached_property
    def n_classes(self) -> int:
        """How many combinations of the gauges' values there are."""
        return int(np.prod([len(gauge.values) for gauge in self.gauges], dtype=np.int64))

    @cached_property
    def fingerprint(self) -> bytes:
        """What compiled kernels depend on in addition to the program's own sources."""
        files = {Path(getfile(rule.state)) for rule in self.rules}
        layout = [(cell, self.dtype.fields[cell.name][1] if self.dtype.fields else 0) for cell in self.cells]
        sources = [(source.number, source.by_fan, source.kinds) for source in self.inputs]
        described = repr((sources, [rule.name for rule in self.rules], layout, self.params_dtype.descr))
        return described.encode() + b"".join(path.read_bytes() for path in sorted(files))

    def kernels_of(self, hook: str) -> list[Kernel]:
        """Return the rules' kernels of one name, in the order of the rules."""
        return [kernel for rule in self.rules if (kernel := getattr(rule, hook)) is not None]


MODEL = Model()
