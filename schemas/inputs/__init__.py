"""The inputs, in the order in which people see them; one file a topic."""

from schemas.inputs.comments import COMMENTS
from schemas.inputs.declaration import Input
from schemas.inputs.internal import ATTRIBUTION
from schemas.inputs.likes import LIKES
from schemas.inputs.purchases import PURCHASES
from schemas.inputs.reposts import REPOSTS

INPUTS: tuple[Input, ...] = (LIKES, REPOSTS, COMMENTS, PURCHASES, ATTRIBUTION)

__all__ = ["ATTRIBUTION", "COMMENTS", "INPUTS", "LIKES", "PURCHASES", "REPOSTS"]
