"""Claims about the flush's own producer that need no broker."""

import asyncio

import pytest

from agents.errors import UnavailableError
from agents.supervise.ports import LOOPBACK, free_port
from agents.transport.writer import Writer


def test_a_broker_that_went_away_before_it_began_is_one_sentence() -> None:
    async def start() -> None:
        await Writer({"bootstrap_servers": f"{LOOPBACK}:{free_port()}"}, "w", "").start()

    with pytest.raises(UnavailableError, match="no Kafka broker answers: "):
        asyncio.run(start())
