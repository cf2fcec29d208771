"""The walk through the loans of 2005 to 2007, on a sample: `make later-loans` runs all of it."""

import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.later_loans import Files, compare, walk
from tests.conftest import ROOT
from tests.stores import own_store
from train.__main__ import main

pytestmark = pytest.mark.slow

SBA = ROOT / "portfolios" / "sba"
LAST, ORDERS = "2005-12-31", 3


def write_sample(folder: Path) -> Path:
    """Write a sample of the portfolio; return the path of its `portfolio.toml`."""
    loans = pd.read_parquet(SBA / "loans.parquet").sample(15_000, random_state=0)
    loans.sort_values("approval_date").to_parquet(folder / "loans.parquet", index=False)
    path = folder / "portfolio.toml"
    path.write_text((SBA / "portfolio.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def test_the_walk_says_when_alarms_ring_and_what_a_recalibration_saves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with own_store(tmp_path, "later"):
        assert main(["train", "--portfolio", str(write_sample(tmp_path)), "--max_evals", "1"]) == 0
        folder = tmp_path / "walk"
        folder.mkdir()
        files = Files(folder)
        walk(files, 0.05, LAST, ORDERS, tmp_path / "picture.png")
        compare(files, pd.read_parquet(files.loans), "2006-12-31", 1, 2)
    said = capsys.readouterr().out
    quarters = re.findall(r"^(20\d\d-\d\d-\d\d) \| ", said, re.MULTILINE)
    assert quarters == ["2005-03-31", "2005-06-30", "2005-09-30", "2005-12-31", "2014-12-31"]
    assert "first alarm of drift, as of 2005-" in said
    assert "first alarm of defaults, as of 2014-12-31" in said
    # the outcomes of 2014 are enough to recalibrate, and make the version stricter
    accepted = re.search(r"of the judged decisions, ([\d.]+)% would be accepted, was 100", said)
    assert accepted is not None
    assert float(accepted[1]) < 100
    # as of 2014, nobody is left to decide; with hindsight it would have saved on those of 2007
    assert "\n0 loans after 2014-12-31" in said
    saved = re.search(r"^saving per applicant: ([\d.-]+) \(([\d.-]+) to", said, re.MULTILINE)
    assert saved is not None
    assert 0 < float(saved[2]) < float(saved[1])
    shares = re.findall(r"(\d+) of (\d+) months ring", said)
    assert len(shares) == 2
    for rung, months in shares:
        # each of the 36 months, in three orders
        assert int(months) == 108
        assert int(rung) <= 0.05 * int(months)
    assert (tmp_path / "picture.png").stat().st_size > 10_000
