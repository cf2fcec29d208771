"""Writes decisions into a spool while most of the writes fail halfway, as on a full disk.

It prints the id of each decision that was committed.
"""

import resource
import sys
import time
from pathlib import Path

from scoring_model.decision_log import LogWriter, open_log
from tests.scoring_model.decision_log.postgres.spools import ORIGIN, decide

ROUNDS, ROUND_SECONDS, ROUND_BYTES, AT_ONCE = 3, 0.5, 50_000, 100


def main() -> None:
    """Raise the limit of a file's size step by step, and write against it."""
    folder = Path(sys.argv[1])
    open_log(folder)
    writer = LogWriter(folder)
    number = 0
    for turn in range(1, ROUNDS + 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (turn * ROUND_BYTES, resource.RLIM_INFINITY))
        end = time.monotonic() + ROUND_SECONDS
        while time.monotonic() < end:
            ids = [writer.add(ORIGIN, decide(number + n)) for n in range(AT_ONCE)]
            number += AT_ONCE
            try:
                writer.commit()
            except OSError:
                continue
            sys.stdout.write("".join(f"{identifier}\n" for identifier in ids))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.close()


if __name__ == "__main__":
    main()
