"""Requests at a fixed rate, whatever has become of those before: what real callers do to a server."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

# Beyond that many at once nobody would call any more; what is due then is not sent.
MOST_CONNECTIONS = 512
# InvokeEndpoint gives a model 60 s.
ANSWER_SECONDS = 65.0
# Everything that says that no answer came, a connection refused among it.
NO_ANSWER = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)


@dataclass(slots=True)
class Outcome:
    """What became of the requests, by their numbers; latencies in seconds."""

    answered: list[int] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    unsent: int = 0
    latencies: list[float] = field(default_factory=list)
    # When each of `answered` was, on the monotonic clock.
    moments: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def latency_milliseconds(self, share: float) -> float:
        """The latency that `share` of the answers with 200 did not exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def longest_silence_seconds(self) -> float:
        """The longest time in which no answer with 200 came."""
        moments = sorted(self.moments)
        return max((after - before for before, after in pairwise(moments)), default=0.0)


class OpenLoop:
    """Sends `request(number)`, a whole request of HTTP/1.1, over kept-alive connections; nothing twice."""

    def __init__(self, host: str, port: int, request: Callable[[int], bytes]) -> None:
        self._host, self._port = host, port
        self._request = request
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._under_way = 0
        self._is_enough = False
        self.outcome = Outcome()

    def enough(self) -> None:
        """Send no more."""
        self._is_enough = True

    async def run(self, rate: float, count: int) -> Outcome:
        """At most `count` requests, `rate` a second; returns once each has its answer or none."""
        began = time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        for number in range(count):
            due = began + number / rate
            early = due - time.monotonic()
            if early > 0:
                await asyncio.sleep(early)
            if self._is_enough:
                break
            if self._under_way >= MOST_CONNECTIONS:
                self.outcome.unsent += 1
                continue
            self._under_way += 1
            task = asyncio.create_task(self._send(number, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        self.outcome.seconds = time.monotonic() - began
        if tasks:
            await asyncio.wait(tasks)
        for _, writer in self._idle:
            writer.close()
        return self.outcome

    async def _send(self, number: int, due: float) -> None:
        writer = None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await self._connection()
                writer.write(self._request(number))
                status = await _status(reader)
        except NO_ANSWER:
            self.outcome.unanswered += 1
            if writer is not None:
                with suppress(OSError):
                    writer.close()
        else:
            # From when it was due: that it left late is a caller's wait too.
            self._note(number, status, due)
            self._idle.append((reader, writer))
        finally:
            self._under_way -= 1

    def _note(self, number: int, status: int, due: float) -> None:
        now = time.monotonic()
        self.outcome.statuses[status] += 1
        if status == 200:
            self.outcome.answered.append(number)
            self.outcome.latencies.append(now - due)
            self.outcome.moments.append(now)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and reader.exception() is None:
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of an answer, once all of it is here."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length:")
    await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    return int(head[9:12])
