"""`live`: what runs beside the requests, from the start of a worker to its end."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scoring_model.http.messages import Receive, Send
from scoring_model.settings import ServerSettings, allow_connections
from scoring_model.telemetry import LOG, take_over_output, write_event

# threads for MLflow's app, single explanations and loading; large requests and metrics have theirs
_THREADS = 4
_END_SECONDS = 1.0

Work = Callable[[], Coroutine[Any, Any, None]]


async def live(
    settings: ServerSettings,
    said: Sequence[str],
    works: Sequence[Work],
    close: Callable[[], None],
    receive: Receive,
    send: Send,
) -> None:
    """Run the works of a worker until the server stops (the lifespan protocol of ASGI).

    Parameters
    ----------
    settings : ServerSettings
    said : sequence of str
        What the log says at the start, such as who may call.
    works : sequence of callable
        Each returns a coroutine that runs until it is cancelled.
    close : callable
        Called at the end.
    receive, send : callable
        The messages of the lifespan protocol.
    """
    await receive()
    take_over_output()
    for line in said:
        write_event("start", line)
    allowed = allow_connections(settings.max_connections)
    if allowed < settings.max_connections:
        write_event("start", f"MAX_CONNECTIONS is {allowed}: more need a higher ulimit -n")
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="scoring")
    asyncio.get_running_loop().set_default_executor(executor)
    tasks = [asyncio.create_task(work()) for work in works]
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_END_SECONDS)
    close()
    executor.shutdown(wait=False, cancel_futures=True)
    LOG.finish()
    await send({"type": "lifespan.shutdown.complete"})
