"""Cost per applicant of this project, compared with common alternatives.

`python -m benchmarks.decisions [--bodies ...] [--rivals ...] [--rows 40000] [--minutes 120]` prints
a table for each data set (body) and the ratios of the costs. Each body is drawn or split anew with
each seed, until the ratio to the cheapest other method is known well enough. Two methods need more
packages: `pip install -r benchmarks/requirements.txt`.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.metrics import brier_score_loss, roc_auc_score

from benchmarks.bodies import open_body
from benchmarks.planted import KINDS
from benchmarks.rivals import COSTS, RIVALS, Task, decide
from scoring_model.types import FloatArray

BODIES = ["polish", "taiwan", "taiwan@1000", "sba", "sba@2000", *KINDS]
OURS = "ours"
# A body gets new seeds until the standard error of its ratio is at most this.
ENOUGH = 0.01
LEAST_SEEDS, MOST_SEEDS = 3, 40


@dataclass(frozen=True, slots=True)
class Result:
    """One method on one data set and seed."""

    cost: float
    auc: float
    brier: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """Mean over the seeds of our cost divided by another's, with its interval of 95 %."""

    mean: float
    error: float
    low: float
    high: float


def measure(name: str, task: Task) -> Result:
    """Fit a method, decide about the test rows, and measure cost and time."""
    start = time.perf_counter()
    probability, refused = decide(name, task)
    seconds = time.perf_counter() - start
    y = task.data.test.y
    auc = brier = float("nan")
    if probability is not None:
        auc, brier = roc_auc_score(y, probability), brier_score_loss(y, probability)
    return Result(COSTS.per_applicant(y, refused), auc, brier, seconds)


def costs_of(results: Sequence[Result]) -> FloatArray:
    """Return the cost of each seed."""
    return np.array([result.cost for result in results])


def compare(ours: Sequence[Result], other: Sequence[Result]) -> Ratio:
    """Return the ratio of two methods' costs."""
    ratios = costs_of(ours) / costs_of(other)
    mean = float(ratios.mean())
    if len(ratios) == 1:
        return Ratio(mean, np.inf, -np.inf, np.inf)
    error = float(ratios.std(ddof=1) / np.sqrt(len(ratios)))
    reach = float(stats.t.ppf(0.975, len(ratios) - 1)) * error
    return Ratio(mean, error, mean - reach, mean + reach)


def cheapest_other(results: dict[str, list[Result]]) -> str:
    """Return the name of the other method with the lowest mean cost."""
    return min(
        (name for name in results if name != OURS), key=lambda n: costs_of(results[n]).mean()
    )


def run_body(
    body: str, rivals: Sequence[str], rows: int, deadline: float
) -> dict[str, list[Result]]:
    """Run all methods, seed by seed, until the ratio is known well enough or the time is over."""
    results: dict[str, list[Result]] = {name: [] for name in (OURS, *rivals)}
    for seed in range(MOST_SEEDS):
        start = time.monotonic()
        with open_body(body, rows, seed) as (portfolio, data):
            for name, runs in results.items():
                runs.append(measure(name, Task(portfolio, data, seed)))
        ratio = compare(results[OURS], results[cheapest_other(results)])
        if seed + 1 >= LEAST_SEEDS and ratio.error <= ENOUGH:
            break
        took = time.monotonic() - start
        if time.monotonic() + took > deadline:
            break
    return results


def print_body(body: str, results: dict[str, list[Result]]) -> Ratio:
    """Print a data set's table; return the ratio to the cheapest other method."""
    print(f"\n{body}, {len(results[OURS])} seeds")
    print(f"{'':32}{'cost':>7} {'AUC':>6} {'Brier':>7} {'s':>6}  ours / it, 95 % interval")
    for name, runs in results.items():
        auc, brier, seconds = (
            np.mean([getattr(run, key) for run in runs]) for key in ("auc", "brier", "seconds")
        )
        line = f"{name:32}{costs_of(runs).mean():7.4f} {auc:6.3f} {brier:7.4f} {seconds:6.1f}"
        if name != OURS:
            ratio = compare(results[OURS], runs)
            line += f"  {ratio.mean:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
        print(line)
    cheapest = cheapest_other(results)
    ratio = compare(results[OURS], results[cheapest])
    print(
        f"ratio to the cheapest other ({cheapest}): {ratio.mean:.4f}, standard error "
        f"{ratio.error:.4f}, [{ratio.low:.4f}, {ratio.high:.4f}]",
        flush=True,
    )
    return ratio


def main() -> None:
    """Compare the methods on all data sets and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", nargs="+", default=BODIES, help="data sets to compare on")
    others = [name for name in RIVALS if name != OURS]
    parser.add_argument("--rivals", nargs="+", default=others, help="methods to compare with")
    parser.add_argument(
        "--rows",
        type=int,
        default=40_000,
        help="most training rows of a portfolio, drawn anew",
    )
    parser.add_argument("--minutes", type=float, default=120, help="time for all data sets")
    args = parser.parse_args()
    end = time.monotonic() + 60 * args.minutes
    ratios = []
    for place, body in enumerate(args.bodies):
        now = time.monotonic()
        share = (end - now) / (len(args.bodies) - place)
        ratios.append(print_body(body, run_body(body, args.rivals, args.rows, now + share)))
    print(f"\nmean ratio over {len(ratios)} data sets: {np.mean([r.mean for r in ratios]):.4f}")


if __name__ == "__main__":
    main()
