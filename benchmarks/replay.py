"""Replay of a decision log: decisions per second and the peak memory.

`python -m benchmarks.replay [decisions]` logs decisions about the loans of `portfolios/sba`, made
by the champion of `credit-scoring`, and replays them. The default is a million decisions.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.decision_logs import measure, run_measured, write_log


def main(decisions: int) -> None:
    """Write a log and replay it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "decisions"
        write_log(place, decisions)
        print(f"{decisions} decisions")
        run_measured("benchmarks.replay", place, ["replay", "--decisions", str(place)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
