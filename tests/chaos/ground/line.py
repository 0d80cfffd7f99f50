"""A line between workers and the broker that loses what it is told to lose, or is slow: real sockets and time-outs."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Mapping
from enum import IntEnum
from typing import Any, Literal, TypeVar

from msgspec import Struct

from agents.embedded.properties import Listeners
from agents.supervise.ports import LOOPBACK

NAME = "DETOUR"
PIECE = 1 << 16
Lost = Literal["requests", "answers"]
T = TypeVar("T")


class Api(IntEnum):
    """Kinds of requests, by the number that begins each (Kafka protocol guide, "API keys")."""

    PRODUCE = 0
    FETCH = 1
    HEARTBEAT = 12
    END_TXN = 26


class Loss(Struct):
    """From the first request that it meets on, a connection is dead in one direction; new ones work until they do."""

    apis: frozenset[Api]
    lose: Lost
    holds: bytes = b""  # what the request must have in it, a topic's name
    passed: int = 0  # requests that it still lets through
    met: int = 0

    def meets(self, request: bytes) -> bool:
        """Whether this request is one to lose, or the answer to it."""
        if int.from_bytes(request[:2]) not in self.apis or self.holds not in request:
            return False
        self.met += 1
        return self.met > self.passed


class Line:
    """Relays what comes to the port ``outside`` to the port ``inside``."""

    def __init__(self, outside: int, inside: int) -> None:
        self.outside, self.inside = outside, inside
        self.loss: Loss | None = None
        self.speed = 0.0  # bytes a second to the broker, of one connection; 0: as fast as it goes
        self.delay_s = 0.0  # that each answer is late; not to be made shorter while connections are open
        self._open: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def address(self) -> str:
        """Where workers connect."""
        return f"{LOOPBACK}:{self.outside}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._relay, LOOPBACK, self.outside))

    def close(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._call(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self, api: Api | frozenset[Api], lose: Lost, holds: str = "", passed: int = 0) -> Loss:
        """Lose requests of a kind or of several, or the answers to them, from now on."""
        self.loss = Loss(api if isinstance(api, frozenset) else frozenset({api}), lose, holds.encode(), passed)
        return self.loss

    def mend(self) -> None:
        """Lose nothing more; connections are closed, so that clients notice."""
        self.loss = None
        self._call(self._hang_up())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _hang_up(self) -> None:
        while self._open:
            for task in self._open:
                task.cancel()
            await asyncio.wait(self._open)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            answers, other = await asyncio.open_connection(LOOPBACK, self.inside)
            await self._both_ways(reader, writer, answers, other)
        except (OSError, asyncio.CancelledError):
            pass  # the broker is away, or we hang up
        finally:
            self._open.discard(task)
            writer.close()

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        other: asyncio.StreamWriter,
    ) -> None:
        is_deaf = asyncio.Event()
        ways = {
            asyncio.ensure_future(self._requests(reader, other, is_deaf)),
            asyncio.ensure_future(self._answers(answers, writer, is_deaf)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            other.close()

    async def _requests(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter, is_deaf: asyncio.Event) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(4)
                request = await reader.readexactly(int.from_bytes(head))
                loss = self.loss
                if loss is not None and loss.meets(request):
                    is_deaf.set()
                    if loss.lose == "requests":
                        await asyncio.Event().wait()  # dead: nothing of this connection goes through any more
                if self.speed:
                    await asyncio.sleep(len(request) / self.speed)
                out.write(head + request)
                await out.drain()

    async def _answers(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter, is_deaf: asyncio.Event) -> None:
        while piece := await reader.read(PIECE):
            if is_deaf.is_set():
                continue
            if self.delay_s:
                self._loop.call_later(self.delay_s, _write, out, piece)
            else:
                out.write(piece)
                await out.drain()


def _write(out: asyncio.StreamWriter, piece: bytes) -> None:
    if not out.is_closing():
        out.write(piece)


def door(listeners: Listeners, inside: int, outside: int) -> Mapping[str, str]:
    """Return the broker's settings with one more listener: whoever comes by the line is sent back to the line."""
    known = listeners.properties()
    more = {
        "listeners": f"{NAME}://{LOOPBACK}:{inside}",
        "advertised.listeners": f"{NAME}://{LOOPBACK}:{outside}",
        "listener.security.protocol.map": f"{NAME}:PLAINTEXT",
    }
    return {name: f"{known[name]},{said}" for name, said in more.items()}
