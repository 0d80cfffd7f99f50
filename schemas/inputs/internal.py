"""Inputs that the group writes and reads itself: influence attribution, and time."""

from msgspec import Struct

from schemas.inputs.declaration import Brand, Input, Kind, Moment, Name, Part


class Attribution(Struct, gc=False, kw_only=True):
    """Influence that a repost by ``by_fan_id`` gives to ``fan_id``; one per repost that counts."""

    event_id: Name  # the repost's
    brand_id: Brand
    fan_id: Name
    by_fan_id: Name
    event_time: Moment


class Tick(Struct, gc=False):
    """One record of the clock topic: the time, in ms since the epoch."""

    now: int


ATTRIBUTION = Input(
    number=4,
    name="attribution",
    about="Influence earned by another fan's repost.",
    record=Attribution,
    kinds=(Kind(9, "attribution", Part.INFLUENCE, weight=1.0, count_cell=59),),
    is_internal=True,
    by_fan=False,
    contributes_to_watermark=False,
    deduplicates=False,  # written in the transaction that counts the repost: it repeats only as a replay
)
