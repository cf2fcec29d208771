"""Batch scoring keeps the order of rows, continues after a crash, and loses no invalid row."""

import csv
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from scoring_model.contract import NEVER_SEEN, Feature, FeatureContract
from scoring_model.decision_log import VersionName
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.trees import TreeModel
from scoring_model.version import Scorer, load_scorer, save_scorer
from tests.conftest import ROOT
from tests.made import make_loans
from train.batch import BatchModel, check_key, score_loans
from train.errors import InputError
from train.tables import Source

ROWS = 2_000
PART_ROWS = 300
COLUMNS = ["income", "debt_ratio", "region", "purpose", "has_home"]


def make_model() -> BatchModel:
    contract = FeatureContract(
        (
            Feature("income", "number", nullable=False),
            Feature("debt_ratio", "number", nullable=True),
            Feature("region", "category", nullable=False, levels=("east", "north", "south")),
            Feature("purpose", "category", True, levels=("car", "home"), rare_levels=("shop",)),
            Feature("has_home", "category", nullable=True, levels=("false", "true")),
        )
    )
    loans = make_loans(500, seed=1)
    matrix = contract.encode_frame(loans).matrix
    data = lightgbm.Dataset(matrix, loans["defaulted"], categorical_feature=[2, 3, 4])
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, data, num_boost_round=20)
    scorer = Scorer(
        contract,
        TreeModel(booster.model_to_string()),
        DecisionPolicy(CalibrationMap("sigmoid"), 0.2, 10.0, 1.0),
    )
    return BatchModel(scorer, VersionName(None, "7", ""), "loan_id", "digest")


MODEL = make_model()


def expected(loans: pd.DataFrame) -> pd.DataFrame:
    decisions = MODEL.scorer.score_frame(loans)
    return pd.DataFrame(
        {
            "loan_id": loans["loan_id"].to_numpy(),
            "probability": decisions.probability,
            "score": decisions.score,
            "threshold": decisions.threshold,
            "model_version": "7",
            "warnings": list(map(warnings_of, loans["region"], loans["purpose"])),
        }
    )


def warnings_of(region: str, purpose: str) -> str | None:
    unseen = {"region": region == "west", "purpose": purpose in ("boat", "horse")}
    return "; ".join(f"{name} {NEVER_SEEN}" for name, yes in unseen.items() if yes) or None


@pytest.mark.parametrize("source", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("target", ["csv", "parquet"])
def test_every_format_gives_the_scorer_s_answers_in_order(
    tmp_path: Path, source: str, target: str
) -> None:
    loans = make_loans(ROWS)
    for number, part in enumerate((loans[:1200], loans[1200:])):
        file = tmp_path / f"body-{number}.{source}"
        part.to_parquet(file) if source == "parquet" else part.to_csv(file, index=False)
    output = tmp_path / f"scored.{target}"
    body = Source(f"{tmp_path}/body-*.{source}")
    report = score_loans(MODEL, body, output, part_rows=PART_ROWS)
    scored = pd.read_csv(output) if target == "csv" else pd.read_parquet(output)
    assert (report.scored, report.rejected, report.resumed) == (ROWS, 0, 0)
    pd.testing.assert_frame_equal(
        scored.astype({"loan_id": "int64", "model_version": "str"}), expected(loans)
    )
    assert report.warnings[f"region {NEVER_SEEN}"] == (loans["region"] == "west").sum()
    assert sorted(f.name for f in tmp_path.iterdir() if "scored" in f.name) == [output.name]


def test_invalid_rows_go_to_a_separate_file_with_row_column_and_rule(tmp_path: Path) -> None:
    loans = make_loans(1000).astype({"income": object, "loan_id": object})
    loans.loc[3, "income"] = "secret"
    loans.loc[5, ["income", "region"]] = None
    loans.loc[999, "loan_id"] = None
    body = tmp_path / "body.csv"
    loans.to_csv(body, index=False)
    lines = body.read_text(encoding="utf-8").splitlines()
    lines[701] = "700,too,few"
    body.write_text("\n".join(lines), encoding="utf-8")
    output = tmp_path / "scored.csv"
    report = score_loans(MODEL, Source(str(body)), output, part_rows=PART_ROWS)
    assert (report.scored, report.rejected) == (996, 4)
    text = report.rejected_file.read_text(encoding="utf-8")
    assert "secret" not in text
    assert list(csv.reader(text.splitlines())) == [
        ["file", "row", "column", "rule"],
        ["body.csv", "3", "income", "must be a number"],
        ["body.csv", "5", "income", "is required"],
        ["body.csv", "5", "region", "is required"],
        ["body.csv", "700", "", "must have as many fields as the heading"],
        ["body.csv", "999", "loan_id", "is required"],
    ]
    kept = make_loans(1000).drop(index=[3, 5, 700, 999])
    scored = pd.read_csv(output)
    np.testing.assert_array_equal(scored["loan_id"], kept["loan_id"])
    np.testing.assert_array_equal(scored["probability"], expected(kept)["probability"])


def test_a_later_run_without_invalid_rows_removes_old_rejections(tmp_path: Path) -> None:
    loans = make_loans(50)
    body, output = tmp_path / "body.parquet", tmp_path / "scored.parquet"
    loans.assign(income=np.where(loans.index == 1, np.inf, loans["income"])).to_parquet(body)
    assert score_loans(MODEL, Source(str(body)), output).rejected_file.is_file()
    loans.to_parquet(body)
    assert not score_loans(MODEL, Source(str(body)), output).rejected_file.exists()


def test_fail_stops_at_the_first_invalid_row_and_leaves_no_output(tmp_path: Path) -> None:
    loans = make_loans(1000)
    loans.loc[700, "income"] = np.nan
    body = tmp_path / "body.parquet"
    loans.to_parquet(body)
    with pytest.raises(InputError, match=r"body\.parquet: row 700: income is required"):
        score_loans(
            MODEL, Source(str(body)), tmp_path / "o.csv", on_invalid="fail", part_rows=PART_ROWS
        )
    assert [path.name for path in tmp_path.iterdir()] == ["body.parquet"]


@pytest.mark.parametrize(
    ("columns", "output", "rule"),
    [
        (["loan_id", *COLUMNS[1:]], "o.csv", "column 'income' is required"),
        (COLUMNS, "o.csv", "column 'loan_id' is required"),
        (["loan_id", *COLUMNS], "o.txt", r"must end in \.parquet or \.csv"),
        (["loan_id", *COLUMNS], "none/o.csv", "no such folder"),
    ],
)
def test_input_that_cannot_be_scored_gives_an_error(
    tmp_path: Path, columns: list[str], output: str, rule: str
) -> None:
    body = tmp_path / "body.parquet"
    make_loans(10)[columns].to_parquet(body)
    with pytest.raises(InputError, match=rule):
        score_loans(MODEL, Source(str(body)), tmp_path / output)


def test_an_empty_input_gives_an_empty_output(tmp_path: Path) -> None:
    body, output = tmp_path / "body.parquet", tmp_path / "scored.parquet"
    make_loans(10)[:0].to_parquet(body)
    assert score_loans(MODEL, Source(str(body)), output).scored == 0
    assert pq.read_schema(output).names == list(expected(make_loans(1)).columns)
    assert pq.read_metadata(output).num_rows == 0


def test_the_key_must_not_be_a_feature() -> None:
    with pytest.raises(InputError, match="key 'income' must not be a feature"):
        check_key("income", MODEL.scorer.contract)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_without_a_key_are_numbered_over_the_whole_input(tmp_path: Path, ending: str) -> None:
    loans = make_loans(900).drop(columns="loan_id")
    loans.loc[[4, 500], "income"] = np.nan
    for number, part in enumerate((loans[:301], loans[301:302], loans[302:])):
        file = tmp_path / f"body-{number}.{ending}"
        part.to_parquet(file) if ending == "parquet" else part.to_csv(file, index=False)
    output = tmp_path / "scored.parquet"
    model = replace(MODEL, key=None)
    score_loans(model, Source(f"{tmp_path}/body-*.{ending}"), output, part_rows=PART_ROWS)
    scored = pd.read_parquet(output)
    assert scored.iloc[:, 0].name == "row_number"
    assert scored["row_number"].tolist() == [row for row in range(900) if row not in (4, 500)]


SCRIPT = """
import sys
from pathlib import Path
from scoring_model.decision_log import VersionName
from scoring_model.scorer import load_scorer
from train.batch import BatchModel, score_loans
from train.tables import Source
folder = Path(sys.argv[1])
model = BatchModel(load_scorer(folder), VersionName(None, "7", ""), "loan_id", "digest")
score_loans(model, Source(f"{folder}/body.csv"), folder / "scored.parquet", part_rows=1)
"""


def test_a_killed_run_continues_after_its_last_finished_part(tmp_path: Path) -> None:
    # rows are wide, so that Arrow reads the file in several blocks; each block is a part
    loans = make_loans(150_000).assign(padding="x" * 300)
    loans.loc[2, "income"] = np.nan
    loans.to_csv(tmp_path / "body.csv", index=False)
    save_scorer(MODEL.scorer, tmp_path, {"income": 1.0, "region": "north"})
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=ROOT)
    output, parts = tmp_path / "scored.parquet", tmp_path / "scored.parquet.parts"
    while not (parts / "000001.json").is_file():
        assert process.poll() is None, "ended before its second part"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    finished = [json.loads(file.read_text()) for file in sorted(parts.glob("0*.json"))]
    # an incomplete file, as a killed write leaves it
    (parts / f"{len(finished):06d}.parquet.unfinished").write_bytes(b"half")
    model = BatchModel(load_scorer(tmp_path), VersionName(None, "7", ""), "loan_id", "digest")
    report = score_loans(model, Source(f"{tmp_path}/body.csv"), output, part_rows=1)
    assert report.resumed == sum(part["scored"] + part["rejected"] for part in finished) > 0
    assert (report.scored, report.rejected) == (149_999, 1)
    pd.testing.assert_frame_equal(
        pd.read_parquet(output).astype({"loan_id": "int64", "model_version": "str"}),
        expected(loans.drop(index=2)),
    )
    assert not parts.exists()


def test_a_run_does_not_continue_from_parts_of_another_version(tmp_path: Path) -> None:
    body, output = tmp_path / "body.parquet", tmp_path / "scored.parquet"
    make_loans(1000).to_parquet(body)
    parts = tmp_path / "scored.parquet.parts"
    parts.mkdir()
    (parts / "job.json").write_text("{}", encoding="utf-8")
    state = {"end": {"file": 0, "row": 900}, "scored": 900, "rejected": 0}
    (parts / "000000.json").write_text(json.dumps(state), encoding="utf-8")
    report = score_loans(MODEL, Source(str(body)), output)
    assert (report.scored, report.resumed) == (1000, 0)
