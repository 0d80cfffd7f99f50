"""A serving store in memory, and a page model on it for any model of inputs and rules."""

import msgspec
from redis.exceptions import ConnectionError as RedisConnectionError

from agents.serve.metrics import ServeMetrics, ServeState
from agents.serve.page_model import PageModel
from agents.serve.queries import Queries
from agents.serve.traffic import RateSampler
from schemas.serving import BrandRow, FanList, category_names, flag_categories
from schemas.topics import Names
from streams.fans.model import Model
from tests.agents.serve.outputs import flag, score

BRAND = "miot"


class FakeQueries(Queries):
    """A serving store in memory, which counts how often a brand is read."""

    def __init__(self) -> None:
        self.scores, self.angry_flags = [score("a")], [flag("a", "f1", "negative", "raised")]
        self.reads = 0
        self.is_down = False

    async def brands(self, limit: int) -> list[BrandRow]:
        return [BrandRow(BRAND, len(self.scores), 0, 0)][:limit]

    async def fans(self, which: FanList, brand: str, limit: int) -> list[bytes]:
        if self.is_down:
            raise RedisConnectionError("down")
        self.reads += 1
        return [msgspec.json.encode(record) for record in self.scores][:limit]

    async def top_gainers(self, brand: str, limit: int, now: int) -> tuple[int, list[tuple[float, bytes]]]:
        return 0, [(1.5, msgspec.json.encode(record)) for record in self.scores][:limit]

    async def flags(self, brand: str, limit: int, category: str | None = None) -> list[bytes]:
        flags = self.angry_flags if category in {"angry", "test-list"} else []
        return [msgspec.json.encode(record) for record in flags][:limit]


def page_model(queries: Queries, declared: Model) -> PageModel:
    """Return the page model of an installation whose inputs and rules are those of a model."""
    names = Names("", "", "g", declared.inputs)
    rates = RateSampler({topic: source.name for topic, source in names.public_inputs.items()})
    categories = category_names(flag_categories(declared.flag_specs))
    return PageModel(queries, rates, categories, ServeMetrics(), ServeState())
