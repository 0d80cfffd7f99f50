"""A model of the tests' own: production's lists, and one input, one rule before the last and one store more."""

from schemas.inputs import INPUTS
from streams.fans.model import Model
from streams.rules import RULES
from tests.streams.model import pinged, reminders
from tests.streams.model.pings import TEST_PINGS

TEST_MODEL = Model((*INPUTS, TEST_PINGS), (*RULES[:-1], pinged.RULE, RULES[-1]), (reminders.SPEC,))
