"""Batch scoring on Spark gives the answers of local batch scoring, to the last bit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.made import make_loans
from tests.stores import trained_store
from train.__main__ import main

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark")]

ROWS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train one version in a separate database; yield a folder to work in."""
    folder = tmp_path_factory.mktemp("spark_batch")
    with trained_store(folder, "spark batch", ROWS):
        yield folder


SPARK = ("--engine", "spark")


def score(source: Path, output: Path | str, *more: str) -> int:
    return main(["score", "--input", str(source), "--output", str(output), *more])


def write_body(folder: Path, ending: str) -> None:
    """Write two files with invalid rows, an unseen level, and every kind of missing value."""
    folder.mkdir()
    loans = make_loans(ROWS, seed=3)
    loans.loc[4, "income"] = np.inf
    loans.loc[9, "income"] = np.nan
    loans.loc[[9, 450], "purpose"] = "never seen"
    for number, part in enumerate((loans[:400], loans[400:])):
        file = folder / f"{number}.{ending}"
        part.to_parquet(file) if ending == "parquet" else part.to_csv(file, index=False)
    if ending == "csv":
        lines = file.read_text(encoding="utf-8").splitlines()
        lines[61] = "460,too,few"
        file.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_answers_equal_the_local_ones_to_the_last_bit(
    tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = tmp_path / "body"
    write_body(body, ending)
    outputs, said = {}, {}
    for engine in ("local", "spark"):
        outputs[engine] = tmp_path / f"{engine}.parquet"
        assert score(body, outputs[engine], "--engine", engine) == 3
        printed = capsys.readouterr()
        said[engine] = [line for line in printed.out.splitlines() if "never seen" in line]
        assert f"see {outputs[engine]}.rejected" in printed.err
    assert said["spark"] == said["local"] != []
    local = pd.read_parquet(outputs["local"])
    on_spark = pd.read_parquet(outputs["spark"])
    assert len(local) < ROWS
    pd.testing.assert_frame_equal(
        on_spark.sort_values("loan_id", ignore_index=True),
        local.sort_values("loan_id", ignore_index=True),
        check_exact=True,
    )
    texts = [Path(f"{outputs[e]}.rejected").read_text(encoding="utf-8") for e in outputs]
    assert texts[0] == texts[1]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"body", *(f"{e}.parquet{more}" for e in outputs for more in ("", ".rejected"))}


def test_csv_output_replaces_earlier_output(folder: Path) -> None:
    loans = folder / "loans.parquet"
    output, rejected = folder / "scored.csv", folder / "scored.csv.rejected"
    output.write_text("earlier output", encoding="utf-8")
    rejected.write_text("earlier output", encoding="utf-8")
    assert score(loans, output, *SPARK) == 0
    assert score(loans, folder / "local.csv") == 0
    parts = [pd.read_csv(part) for part in output.glob("*.csv")]
    found = pd.concat(parts).sort_values("loan_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, pd.read_csv(folder / "local.csv"), check_exact=True)
    assert not rejected.exists()


@pytest.mark.usefixtures("folder")
def test_fail_stops_at_the_first_invalid_row_and_leaves_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_body(tmp_path / "body", "parquet")
    output = tmp_path / "scored.parquet"
    assert score(tmp_path / "body", output, *SPARK, "--on_invalid", "fail") == 1
    assert "error: input 0.parquet: row 4: income must be finite" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["body"]


@pytest.mark.usefixtures("folder")
def test_what_spark_cannot_read_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans = make_loans(20)
    output = tmp_path / "scored.parquet"
    loans.drop(columns="income").to_parquet(tmp_path / "c.parquet")
    loans.to_json(tmp_path / "d.jsonl", orient="records", lines=True, date_format="iso")
    for name, rule in (
        ("c.parquet", "column 'income' is required"),
        ("d.jsonl", "needs engine=local: Spark reads CSV and Parquet"),
    ):
        assert score(tmp_path / name, output, *SPARK) == 1
        assert rule in capsys.readouterr().err
    assert score(tmp_path / "c.parquet", "sqlite:///x.db", "--output_table", "t", *SPARK) == 1
    assert "output: a database needs engine=local" in capsys.readouterr().err
    log = ("--decision_log", str(tmp_path / "log"))
    assert score(tmp_path / "c.parquet", output, *SPARK, *log) == 1
    assert "error: decision_log needs engine=local" in capsys.readouterr().err
