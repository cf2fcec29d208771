"""What callers notice of a version in the shadow: nothing.

`python -m benchmarks.shadow [seconds] [rounds]` sends single applicants to a server with a version
in the shadow and to two without, in turns. What the two differ by is chance. `wrk` must be
installed. Servers, child processes and callers share all cores, as on a small machine.
"""

import contextlib
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.servers import Load, load
from tests.scoring_model.planted import EXAMPLE, save_model, train_scorer
from tests.scoring_model.processes import Server, start_server

CONNECTIONS = (1, 16)
ALL_CORES = f"0-{(os.cpu_count() or 1) - 1}"
OUTCOMES = ("scored", "failed", "dropped")
SHADOWED = "with a shadow"


def count_applicants(server: Server) -> list[int]:
    """Return how many applicants the version in the shadow has scored, failed and dropped."""
    lines = server.http.get("/metrics").text.splitlines()
    names = [f'scoring_shadow_applicants_total{{outcome="{outcome}"}} ' for outcome in OUTCOMES]
    return [int(float(line.split()[1])) for name in names for line in lines if name in line]


def wait_for_shadow(server: Server, body: bytes) -> None:
    """Send applicants until the version in the shadow has scored one."""
    headers = {"Content-Type": "application/json"}
    while not count_applicants(server)[0]:
        server.http.post("/predict", content=body, headers=headers)


def show(name: str, loads: list[Load]) -> None:
    """Print the median of each measure, and its least and its largest value."""
    columns = [
        [each.per_second for each in loads],
        [each.p50 for each in loads],
        [each.p99 for each in loads],
    ]
    texts = [f"{statistics.median(c):9.2f} ({min(c):.2f} to {max(c):.2f})" for c in columns]
    print(f"{name:<32}" + "".join(f"{text:>32}" for text in texts))


def main(seconds: float = 1.0, rounds: int = 7) -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        champion = save_model(train_scorer(), folder / "champion")
        challenger = save_model(train_scorer(trees=200, rows=4000), folder / "challenger")
        body = folder / "one.json"
        body.write_text(json.dumps(EXAMPLE | {"is_new": "false"}))
        servers: dict[str, Server] = {}
        for kind in ("without", "without again", SHADOWED):
            (folder / kind).mkdir()
            shadow = {"SHADOW_URI": str(challenger)} if kind == SHADOWED else {}
            servers[kind] = stack.enter_context(start_server(champion, folder / kind, shadow))
        shadowed = servers[SHADOWED]
        wait_for_shadow(shadowed, body.read_bytes())
        print(f"{'':<32}{'requests a second':>32}{'p50 in ms':>32}{'p99 in ms':>32}")
        for connections in CONNECTIONS:
            measured: dict[str, list[Load]] = {kind: [] for kind in servers}
            for _ in range(rounds):
                for kind, server in servers.items():
                    url = f"{server.http.base_url}/predict"
                    found = load(url, body, connections, seconds, cores=ALL_CORES)
                    measured[kind].append(found)
            for kind, loads in measured.items():
                show(f"{kind}, {connections} connections", loads)
        counts = zip(OUTCOMES, count_applicants(shadowed), strict=True)
        print("; ".join(f"{count} {outcome}" for outcome, count in counts))


if __name__ == "__main__":
    arguments = [kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)]
    main(*arguments)
