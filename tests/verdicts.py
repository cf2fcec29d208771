"""The table of verdicts that `make hostile` prints: each hostile case, and whether it did harm.

A test of a hostile case has the marker `hostile` with the case in words. The tests of one case may
lie in several modules; its line stands where the first of them lies.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

MARKER = "hostile"


def note_cases(items: Sequence[pytest.Item]) -> None:
    """Note the case of each test, so that its report has it."""
    for item in items:
        marker = item.get_closest_marker(MARKER)
        if marker is not None:
            item.user_properties.append((MARKER, marker.args[0]))


def print_verdicts(reporter: Any) -> None:
    """Print one line for each case; nothing if the run has no hostile case."""
    tries: dict[str, list[Any]] = defaultdict(list)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in reporter.stats.get(outcome, ()):
            for name, case in report.user_properties:
                if name == MARKER:
                    tries[case].append(report)
    if not tries:
        return
    reporter.section("verdicts on hostile cases")
    verdicts: Counter[str] = Counter()
    for case, reports in sorted(tries.items(), key=_first_place):
        calls = [report for report in reports if report.when == "call"]
        seconds = sum(report.duration for report in calls)
        verdict = _judge(reports)
        verdicts[verdict] += 1
        reporter.write_line(f"{verdict:<8} {len(calls):>4} tests {seconds:>7.1f} s  {case}")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    reporter.write_line(f"{len(tries)} cases: {counts}")


def _first_place(case: tuple[str, Sequence[Any]]) -> str:
    return str(min(report.nodeid for report in case[1]))


def _judge(reports: Sequence[Any]) -> str:
    outcomes = {report.outcome for report in reports}
    if "failed" in outcomes:
        return "BROKEN"
    return "held" if any(report.when == "call" for report in reports) else "skipped"
