"""Slow connections beside ordinary callers: `python -m benchmarks.connections [rounds] [seconds]`.

2,000 connections say nothing, or send their headers a byte at a time; one that the server closes is
opened again. The callers' p99 with them may be at most three times what it is without them.
"""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.servers import CLIENT_CORE, Running, load, serve
from benchmarks.serving import KEY, OURS, Result, commands, saved_model

SLOW_CONNECTIONS = 2000
CALLERS = 16
LIMIT = 3.0
_FILES = 2 * SLOW_CONNECTIONS
_PAUSE_SECONDS = 1.0
# every second one says nothing
_HEAD = (b"", b"POST /predict HTTP/1.1\r\nHost: here\r\nX-Slow: " + 1000 * b"a")


def hold(url: str) -> None:
    """Hold the slow connections until the process is terminated."""
    os.sched_setaffinity(0, {CLIENT_CORE})
    asyncio.run(_hold_all(urlsplit(url).port or 80))


async def _hold_all(port: int) -> None:
    await asyncio.gather(
        *(_hold_one(port, _HEAD[number % len(_HEAD)]) for number in range(SLOW_CONNECTIONS))
    )


async def _hold_one(port: int, head: bytes) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await _trickle(reader, writer, head)
            finally:
                writer.close()
        await asyncio.sleep(_PAUSE_SECONDS)


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """Send a byte of the head now and then, until the server closes the connection."""
    closed = asyncio.ensure_future(reader.read())
    try:
        for index in range(len(head)):
            writer.write(head[index : index + 1])
            if (await asyncio.wait({closed}, timeout=_PAUSE_SECONDS))[0]:
                return
        await asyncio.wait({closed})
    finally:
        closed.cancel()


@contextlib.contextmanager
def slow_connections(server: Running) -> Iterator[None]:
    """Hold the slow connections in another process until the block ends."""
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(server.url,))
    process.start()
    try:
        while count_connections(server) < SLOW_CONNECTIONS // 3:
            time.sleep(0.1)
        # the first rush is over: from now on connections are closed and opened again
        time.sleep(2 * _PAUSE_SECONDS)
        yield
    finally:
        process.terminate()
        process.join()


def count_connections(server: Running) -> int:
    """Return how many connections the server holds."""
    return sum(1 for connection in server.process.net_connections() if connection.raddr)


def main(rounds: int = 5, seconds: float = 2) -> None:
    """Measure callers without and with slow connections in turns, and print both."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, max(_FILES, hard)))
    without, beside, held = [], [], []
    with saved_model() as (model, bodies), serve(*commands(model)[OURS]) as server:
        url = f"{server.url}/predict"
        for _ in range(rounds):
            without.append(load(url, bodies.one, CALLERS, seconds, KEY))
            with slow_connections(server):
                beside.append(load(url, bodies.one, CALLERS, seconds, KEY))
                held.append(count_connections(server))
    print(f"the server held {min(held)} to {max(held)} of {SLOW_CONNECTIONS} slow connections")
    for name, loads in (("without slow connections", without), ("beside them", beside)):
        p99 = statistics.median(one.p99 for one in loads)
        per_second = statistics.median(one.per_second for one in loads)
        print(f"{name:<30} {p99:9.2f} ms p99 {per_second:9.0f} requests/s")
    # rounds next to each other have the same disturbances from other processes
    ratio = statistics.median(b.p99 / a.p99 for a, b in zip(without, beside, strict=True))
    print(Result("p99 of callers beside slow connections", ratio, LIMIT, at_least=False).show())


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
