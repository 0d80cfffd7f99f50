"""Every tunable number of a brand, with its unit: one struct is the file, the defaults, and the kernel's row."""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeVar, cast, get_type_hints

import msgspec
import numpy as np
from msgspec import Meta, Struct

from schemas.inputs.declaration import Kind
from schemas.row import Rows
from streams.rules.rule import Row, Rule
from streams.rules.score import Vector

WEIGHT = "weight"

S = TypeVar("S", bound=Struct)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of a brand; the fields of the rules' settings are added by ``params_struct``."""

    version: Annotated[int, Meta(ge=1), "<i4"] = 1


class Brands:
    """The brands of the parameter file by number; 0 stands for every other, so that no key can make it grow."""

    def __init__(
        self, dtype: np.dtype[np.void], kinds: Sequence[Kind], named: dict[str, Params], others: Params
    ) -> None:
        self.codes = {name: code for code, name in enumerate(named, 1)}
        self.rows = table(dtype, kinds, [others, *named.values()])
        self.versions = [str(p.version) for p in (others, *named.values())]
        staff = {name: getattr(brand, "staff", ()) for name, brand in named.items()}
        self.staff = frozenset(f"{name}:{fan}".encode() for name, fans in staff.items() for fan in fans)

    @property
    def names(self) -> list[str]:
        """The brands by number, as labels."""
        return ["other", *self.codes]

    def code(self, name: str) -> int:
        """Return the brand's row in ``rows``."""
        return self.codes.get(name, 0)


def params_struct(kinds: Sequence[Kind], rules: Iterable[Rule]) -> type[Params]:
    """Return the parameter struct of kinds and rules.

    Its ``__post_init__`` raises ValueError in one sentence for what is not finite or contradicts itself.
    """
    rules = list(rules)
    weights = msgspec.defstruct(
        "Weights",
        [(kind.name, float, kind.weight) for kind in kinds],
        bases=(Vector,),
        frozen=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": "What an act adds; a purchase's amount does not matter."},
    )
    size = max(kind.number for kind in kinds) + 1
    fields: list[tuple[str, Any, Any]] = [(WEIGHT, Annotated[weights, "<f8", (size,)], weights())]
    for rule in rules:
        own = rule.settings.__annotations__
        hints = get_type_hints(rule.settings, include_extras=True)
        defaults = dict(zip(rule.settings.__struct_fields__, rule.settings.__struct_defaults__, strict=False))
        fields += [(name, hints[name], defaults[name]) for name in own]

    def check(self: Struct) -> None:
        _check_finite(self)
        for rule in rules:
            for low, high in rule.ascending:
                if getattr(self, low) > getattr(self, high):
                    raise ValueError(f"{low} must not be above {high}")
            if rule.check is not None:
                rule.check(self)

    made = msgspec.defstruct(
        "Params", fields, bases=(Params,), frozen=True, forbid_unknown_fields=True, namespace={"__post_init__": check}
    )
    return cast("type[Params]", made)


def brand_struct(params: type[Params]) -> type[Params]:
    """Return the struct of a brand of the parameter file: ``staff`` are fan ids whose events never score."""
    fields = [("staff", tuple[str, ...], ())]
    made = msgspec.defstruct("Brand", fields, bases=(params,), frozen=True, forbid_unknown_fields=True)
    return cast("type[Params]", made)


def settings_of(params: Params, settings: type[S]) -> S:
    """Return a brand's values of the fields of ``settings``, which are typed, as those of a composed struct are not.

    >>> from streams.fans.model import MODEL
    >>> from streams.rules import churn
    >>> settings_of(MODEL.params(alive_churned=0.3), churn.Settings).alive_churned
    0.3
    """
    return settings(**{name: getattr(params, name) for name in settings.__struct_fields__})


def params_dtype(params: type[Params], kinds: Sequence[Kind]) -> np.dtype[np.void]:
    """Return the kernel's row of a parameter struct."""
    hints = get_type_hints(params, include_extras=True)
    fields = []
    for name in params.__struct_fields__:
        parts = [part for part in hints[name].__metadata__ if isinstance(part, str | tuple)]
        fields.append((name, *parts))
    return np.dtype((np.record, fields))


def table(dtype: np.dtype[np.void], kinds: Sequence[Kind], brands: Sequence[Params]) -> Rows:
    """Return one row per brand for the kernels; weights stand at the numbers of their kinds."""
    rows = np.zeros(len(brands), dtype)
    for row, brand in zip(rows, brands, strict=True):
        for name in dtype.names or ():
            value = getattr(brand, name)
            if name == WEIGHT:
                for kind in kinds:
                    row[name][kind.number] = getattr(value, kind.name)
            elif isinstance(value, Vector):
                row[name] = tuple(value[i] for i in range(len(value.__struct_fields__)))
            else:
                row[name] = value
    return rows


def _check_finite(params: Struct) -> None:
    for name in params.__struct_fields__:
        value = getattr(params, name)
        numbers = [value[i] for i in range(len(value.__struct_fields__))] if isinstance(value, Vector) else [value]
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            raise ValueError(f"{name} must be a finite number")


def default_row() -> Row:
    """Return the default parameters as kernels see them, for examples."""
    from streams.fans.model import MODEL

    return table(MODEL.params_dtype, MODEL.kinds, [MODEL.params()])[0]
