"""Writes decisions into a spool, and compares what the database holds with what was committed.

As a program it logs decisions until it is killed, as a worker of the server does, and prints the id
of each one when it is committed.
"""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from scoring_model.decision_log import (
    DecisionLog,
    LogSettings,
    LogWriter,
    NewDecision,
    Origin,
    PersonalValues,
    VersionName,
    open_log,
)

VERSION = VersionName("credit-scoring", "7", "ab" * 32)
ORIGIN = Origin(VERSION, "/predict", "branch-12")
VALUES = PersonalValues(None)


def decide(number: int, reference: str | None = None) -> NewDecision:
    """Return a decision whose probability has all its bits."""
    probability = random.Random(number).random()
    values = VALUES.write(b'{"income":%d,"region":"n\\u0000rd \xc3\xa9"}' % number, reference)
    return NewDecision(probability, 0.1 + 0.2, int(probability < 0.3), values, "2026-11-25")


def write_spool(folder: Path, count: int, *, segment_bytes: int = 4000) -> list[str]:
    """Write decisions into several segments; return the ids."""
    folder.parent.mkdir(exist_ok=True)
    open_log(folder)
    writer = LogWriter(folder, segment_bytes=segment_bytes)
    ids = []
    for number in range(count):
        ids.append(writer.add(ORIGIN, decide(number, f"A-{number}")))
        writer.commit()
    writer.close()
    return ids


def read_rows(url: str, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def read_ids(url: str) -> list[str]:
    """Return the ids of all decisions that are in both tables, sorted."""
    rows = read_rows(
        url, "SELECT r.id::text FROM decision_log_records r JOIN decision_log_personal USING (id)"
    )
    return sorted(identifier for (identifier,) in rows)


@contextlib.contextmanager
def running_log(settings: LogSettings) -> Iterator[DecisionLog]:
    """Run a log with its shipper, as a worker does, until the block ends."""
    log = DecisionLog(settings)
    loop = asyncio.new_event_loop()
    task = loop.create_task(log.run())
    # to its first pause
    loop.run_until_complete(asyncio.sleep(0.05))
    try:
        yield log
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        log.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def main() -> None:
    """Log decisions until killed, or until a number of them is committed."""
    place, spool, count = sys.argv[1:]
    with running_log(LogSettings(place, spool)) as log:
        for number in range(int(count)):
            identifier = log.add(ORIGIN, decide(number))
            log.commit()
            sys.stdout.write(f"{identifier}\n")
            sys.stdout.flush()
            if number % 20 == 0:
                time.sleep(0.01)


if __name__ == "__main__":
    main()
