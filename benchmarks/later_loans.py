"""What monitoring would have said about the loans of 2005 to 2007, one quarter after the other.

`make later-loans` runs it after `make run`. The champion decides the loans of
`portfolios/sba/later_loans.parquet` by batch scoring into a decision log. At the end of each
quarter, `monitor` sees the defaults that were known by then. On the day of the first alarm on
outcomes, or as soon as enough decisions are mature, `recalibrate` makes a new version, and both
versions decide the loans after that day. At last, the same loans get months in random order.

The tables go to the screen, the picture to `docs/images/later_loans.png`.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import orjson
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.random_months import count_false_alarms
from monitoring.__main__ import main as run_monitoring
from scoring_model.version import load_model
from train.__main__ import main as run_training
from train.portfolio import Costs
from train.promotion import DEFAULT_MODEL, Registry
from train.report.pictures import BLUE, INK, ORANGE, percent_axis, save_png, style
from train.statistics import Interval, normal_mean

ROOT = Path(__file__).parents[1]
LOANS = ROOT / "portfolios" / "sba" / "later_loans.parquet"
PICTURE = ROOT / "docs" / "images" / "later_loans.png"
FIRST_QUARTER, LAST_QUARTER = "2005-03-31", "2010-12-31"
END = "2014-12-31"
ALARMS = 5
ENDS = ("value", "low", "high")
LINES = (
    ("default_rate", ORANGE, "defaults known by then"),
    ("expected_rate", BLUE, "defaults expected by then"),
)


@dataclass(frozen=True)
class Files:
    """The files of one walk through the quarters.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @property
    def loans(self) -> Path:
        """The loans to decide."""
        return self.folder / "loans.parquet"

    @property
    def log(self) -> Path:
        """The decision log."""
        return self.folder / "decisions"

    @property
    def outcomes(self) -> Path:
        """The table of outcomes: one row for each accepted loan."""
        return self.folder / "outcomes.parquet"

    def scored(self, version: int) -> Path:
        """Return the file with the decisions of a version."""
        return self.folder / f"scored-{version}.parquet"


def take_loans(files: Files, share: float) -> pd.DataFrame:
    """Write a share of the loans, the same ones each time, and return them."""
    loans = pd.read_parquet(LOANS)
    if share < 1.0:
        loans = loans.sample(frac=share, random_state=0).sort_values(["approval_date", "loan_id"])
    loans.to_parquet(files.loans, index=False)
    return loans


def decide(files: Files, version: int, *more: str) -> pd.DataFrame:
    """Let a version decide all loans; return the decisions."""
    uri = f"models:/{DEFAULT_MODEL}/{version}"
    output = files.scored(version)
    command = ["score", "--input", files.loans, "--output", output, "--model_uri", uri, *more]
    if run_training(list(map(str, command))):
        raise SystemExit("the loans cannot be scored")
    return pd.read_parquet(output)


def write_outcomes(files: Files, loans: pd.DataFrame, decisions: pd.DataFrame) -> None:
    """Write what became of the accepted loans, as the records of 2014 have it."""
    accepted = decisions.set_index("loan_id")["score"].reindex(loans["loan_id"]).eq(1)
    granted = loans[accepted.to_numpy()]
    outcomes = pd.DataFrame(
        {
            "reference": granted["loan_id"],
            "observed_on": granted["charge_off_date"]
            .where(granted["defaulted"] == 1, pd.Timestamp(END))
            .dt.date,
            "defaulted": granted["defaulted"],
            "amount_lost": granted["charged_off_amount"].where(granted["defaulted"] == 1),
        }
    )
    outcomes.to_parquet(files.outcomes, index=False)


def call(command: str, files: Files, day: str) -> tuple[int, str]:
    """Run a command of monitoring as of a day; return its status and what it prints."""
    said = StringIO()
    names = ["--decisions", files.log, "--outcomes", files.outcomes, "--as_of", day]
    with redirect_stdout(said):
        status = run_monitoring([command, *map(str, names)])
    return status, said.getvalue()


def last_findings() -> dict[str, Any]:
    """Return `monitoring.json` of the last run."""
    run = mlflow.last_active_run()
    assert run is not None
    text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/monitoring.json")
    findings: dict[str, Any] = orjson.loads(text)
    return findings


def watch(files: Files, days: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Monitor as of each day; yield the day and the findings."""
    for day in days:
        status, said = call("monitor", files, day)
        if status not in (0, ALARMS):
            raise SystemExit(f"as of {day}: {said}")
        yield day, last_findings()


def show_quarter(day: str, findings: dict[str, Any]) -> None:
    """Print one line about a quarter."""
    whole = find_whole(findings)
    alarms: dict[str, list[str]] = {}
    for alarm in findings["alarms"]:
        what = alarm["subject"] or str(alarm["month"] or "all")
        alarms.setdefault(alarm["kind"], []).append(what)
    listed = "; ".join(f"{kind}: {', '.join(subjects)}" for kind, subjects in alarms.items())
    names = ("expected_rate", "default_rate", "expected_cost", "realised_cost")
    cells = [day, *(f"{whole[name]['value']:.4f}" if whole else "-" for name in names)]
    chosen = findings["advice"]["chosen"]
    saving = chosen["saving"]
    cells += [chosen["action"] + (f" ({saving['value']:.3f})" if saving else ""), listed]
    print(" | ".join(cells), flush=True)


def find_whole(findings: dict[str, Any]) -> dict[str, Any] | None:
    """Return the figures of all months together; None before any outcome can be compared."""
    whole = [month for month in findings["outcomes"] if month["month"] is None]
    return whole[0] if whole else None


def show_first_alarms(found: Sequence[tuple[str, dict[str, Any]]]) -> str | None:
    """Print when each kind of alarm rings first; return the first day with one on outcomes."""
    first: dict[str, str] = {}
    for day, findings in found:
        for alarm in findings["alarms"]:
            if alarm["kind"] not in first:
                first[alarm["kind"]] = day
                print(f"first alarm of {alarm['kind']}, as of {day}: {alarm['text']}", flush=True)
    return min((day for kind, day in first.items() if kind != "drift"), default=None)


def recalibrate(files: Files, days: Sequence[str]) -> tuple[str, int] | None:
    """Recalibrate on the first day on which enough is known; return the day and the version."""
    for day in days:
        status, said = call("recalibrate", files, day)
        print(f"recalibrate as of {day}:\n{said}", flush=True)
        if status == 0:
            return day, int(Registry(DEFAULT_MODEL).find_version("latest").version)
    return None


def compare(files: Files, loans: pd.DataFrame, day: str, champion: int, version: int) -> None:
    """Print what both versions cost on the loans after a day, by the outcomes of 2014."""
    policy = load_model(f"models:/{DEFAULT_MODEL}/{champion}").scorer.policy
    costs = Costs(policy.false_negative_cost, policy.false_positive_cost)
    later = loans[loans["approval_date"] > pd.Timestamp(day)]
    print(f"\n{len(later):,} loans after {day}, by their outcomes in 2014")
    if later.empty:
        return
    y, each = later["defaulted"].to_numpy(np.int8), []
    for number in (champion, version):
        scores = pd.read_parquet(files.scored(number)).set_index("loan_id")["score"]
        refused = scores.loc[later["loan_id"]].to_numpy() == 0
        each.append(costs.of_each(y, refused))
        cost = _shown(normal_mean(each[-1]))
        print(f"version {number}: cost per applicant {cost}, accepted {1 - refused.mean():.1%}")
    print(f"refusing all: cost {costs.per_applicant(y, np.ones(len(y), dtype=bool)):.4f}")
    print(f"saving per applicant: {_shown(normal_mean(each[0] - each[1]))}")


def _shown(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def draw(found: Sequence[tuple[str, dict[str, Any]]], first: str | None) -> Figure:
    """Draw expected and known defaults at the end of each quarter."""
    figure = Figure(figsize=(8.4, 3.8), layout="constrained")
    axes = figure.subplots()
    figures = ((day, whole) for day, each in found if (whole := find_whole(each)))
    days, wholes = zip(*figures, strict=True)
    moments = pd.to_datetime(list(days))
    for name, colour, label in LINES:
        value, low, high = ([whole[name][end] for whole in wholes] for end in ENDS)
        axes.plot(moments, value, color=colour, label=label)
        axes.fill_between(moments, low, high, color=colour, alpha=0.2)
    if first:
        # days since 1970, as the axis counts
        day = float((pd.Timestamp(first) - pd.Timestamp(0)).days)
        axes.axvline(day, color=INK, linewidth=1.3, linestyle=":", label="first alarm on outcomes")
    axes.set_ylabel("share of the accepted loans")
    axes.set_ylim(bottom=0)
    percent_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.legend(loc="upper center")
    return figure


def walk(files: Files, share: float, last: str, orders: int, picture: Path | None) -> None:
    """Walk through the quarters, and print what monitoring says."""
    registry = Registry(DEFAULT_MODEL)
    version = registry.champion()
    if version is None:
        raise SystemExit("no version is in production: run `make run` first")
    champion = int(version.version)
    loans = take_loans(files, share)
    decisions = decide(files, champion, "--decision_log", str(files.log))
    write_outcomes(files, loans, decisions)
    days = [str(day.date()) for day in pd.date_range(FIRST_QUARTER, last, freq="QE")]
    print("per accepted loan:")
    print("as of | defaults expected | known | cost expected | known | advice (saving) | alarms")
    found = []
    for day, findings in watch(files, [*days, END]):
        show_quarter(day, findings)
        found.append((day, findings))
    first = show_first_alarms(found)
    if picture is not None:
        with style():
            save_png(draw(found[:-1], first), picture)
    after = [day for day, _ in found if first is not None and day >= first]
    if made := recalibrate(files, after):
        day, number = made
        decide(files, number)
        compare(files, loans, day, champion, number)
    count_false_alarms(loans, champion, orders, print)


def main() -> None:
    """Read the command line, and walk through the quarters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the loans")
    parser.add_argument("--last", default=LAST_QUARTER, help="end of the last quarter")
    parser.add_argument("--orders", type=int, default=20, help="random orders of the months")
    parser.add_argument("--no-picture", action="store_true", help="leave the picture as it is")
    arguments = parser.parse_args()
    picture = None if arguments.no_picture else PICTURE
    with tempfile.TemporaryDirectory() as folder:
        walk(Files(Path(folder)), arguments.share, arguments.last, arguments.orders, picture)


if __name__ == "__main__":
    main()
