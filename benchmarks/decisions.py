"""Cost per applicant of this project, compared with common alternatives.

`python -m benchmarks.decisions [--bodies ...] [--seeds 3] [--rows 40000] [--rivals ...]` prints a
table for each data set (body) and the ratios of the costs. The scorecard needs one more package:
`pip install -r benchmarks/requirements.txt`.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

from benchmarks.bodies import KINDS, open_body
from benchmarks.rivals import COSTS, RIVALS, Task, decide
from scoring_model.types import FloatArray

BODIES = ["taiwan", "sba", "sba@2000", "taiwan@1000", *KINDS]
BOOTSTRAPS = 1000
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Result:
    """One method on one data set and seed: cost of each test row, AUC, Brier score, seconds."""

    each: FloatArray
    auc: float
    brier: float
    seconds: float


def measure(name: str, task: Task) -> Result:
    """Fit a method, decide about the test rows, and measure cost and time."""
    start = time.perf_counter()
    probability, refused = decide(name, task)
    seconds = time.perf_counter() - start
    y = task.data.test.y
    auc = brier = float("nan")
    if probability is not None:
        auc, brier = roc_auc_score(y, probability), brier_score_loss(y, probability)
    return Result(COSTS.of_each(y, refused), auc, brier, seconds)


def interval(values: list[FloatArray]) -> tuple[float, float, float]:
    """Return the mean over seeds and rows, with its bootstrap interval of 95 %.

    Seeds and rows are both resampled; within one resample all seeds use the same rows.
    """
    random = np.random.default_rng(0)
    means = np.empty(BOOTSTRAPS)
    for draw in range(BOOTSTRAPS):
        seeds = random.integers(0, len(values), len(values))
        rows = random.integers(0, len(values[0]), len(values[0]))
        means[draw] = np.mean([values[seed][rows].mean() for seed in seeds])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(np.mean([v.mean() for v in values])), float(low), float(high)


def print_body(body: str, results: dict[str, list[Result]]) -> float:
    """Print a data set's table; return the ratio of our cost to that of the cheapest rival."""
    print(f"\n{body}")
    print(
        f"{'':32}{'cost':>7} {'95 % interval':>15} {'AUC':>6} {'Brier':>7} {'s':>6}  ours minus it"
    )
    costs = {}
    for name, runs in results.items():
        cost, low, high = interval([run.each for run in runs])
        costs[name] = cost
        auc, brier, seconds = (
            np.mean([getattr(run, key) for run in runs]) for key in ("auc", "brier", "seconds")
        )
        line = f"{name:32}{cost:7.4f} {low:7.4f}-{high:7.4f} {auc:6.3f} {brier:7.4f} {seconds:6.1f}"
        if name != OURS and OURS in results:
            pairs = zip(results[OURS], runs, strict=True)
            gap, low, high = interval([a.each - b.each for a, b in pairs])
            line += f"  {gap:+.4f} [{low:+.4f}, {high:+.4f}]"
        print(line, flush=True)
    cheapest = min((name for name in costs if name != OURS), key=costs.__getitem__)
    ratio = costs.get(OURS, np.nan) / costs[cheapest]
    print(f"ratio of ours to the cheapest other ({cheapest}): {ratio:.4f}", flush=True)
    return float(ratio)


def main() -> None:
    """Compare the methods on all data sets and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", nargs="+", default=BODIES, help="data sets to compare on")
    parser.add_argument("--rivals", nargs="+", default=list(RIVALS), help="methods to compare")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds per data set")
    parser.add_argument(
        "--rows", type=int, default=40_000, help="most training rows, drawn anew with each seed"
    )
    args = parser.parse_args()
    ratios = []
    for body in args.bodies:
        results: dict[str, list[Result]] = {name: [] for name in args.rivals}
        for seed in range(args.seeds):
            with open_body(body, args.rows, seed) as (portfolio, data):
                for name in args.rivals:
                    results[name].append(measure(name, Task(portfolio, data, seed)))
        ratios.append(print_body(body, results))
    print(f"\nmean ratio over {len(ratios)} data sets: {np.mean(ratios):.4f}")


if __name__ == "__main__":
    main()
