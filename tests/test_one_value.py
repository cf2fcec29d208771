"""One table, several readers, one value: every reader gives the same answers to the last bit.

The readers are those of training, batch scoring, Spark, `/predict`, each format of `/invocations`,
and MLflow's own pyfunc. All of them get the same table, as CSV, Parquet, JSON or a DataFrame.
"""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import mlflow.pyfunc
import pandas as pd
import pytest

from scoring_model.contract import EncodedRows
from scoring_model.errors import InvalidRequest
from scoring_model.version import load_scorer
from tests.one_value import (
    DATES,
    DAY,
    KEY,
    NUMBERS,
    WRONG,
    Answers,
    Applicant,
    make_applicants,
    save_version,
    to_csv,
    to_table,
    without_key,
    write_tables,
)
from tests.scoring_model.processes import start_server
from train.batch import score_loans
from train.batch_scoring import fetch_model
from train.data.reading import read_table
from train.portfolio import load_portfolio
from train.tables import Source

# fewer and more than the rows from which columns are encoded as a whole
FEW, MANY = 30, 300
MOST_HEADER_NOTICES = 20


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a version with every kind of field."""
    return save_version(tmp_path_factory.mktemp("one_value"))


@pytest.fixture(scope="module")
def http(version: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Serve the version, and yield a client."""
    with start_server(version, tmp_path_factory.mktemp("one_value_server")) as running:
        yield running.http


def encode_as_training(version: Path, folder: Path, table: Path) -> EncodedRows:
    """Return the matrix of the table as training reads it."""
    kinds = dict.fromkeys(NUMBERS, "number") | dict.fromkeys(DATES.keys() - {DAY}, "date")
    kinds["branch"] = "category"
    lines = [f"{json.dumps(name, ensure_ascii=False)} = '{kind}'" for name, kind in kinds.items()]
    path = folder / "portfolio.toml"
    path.write_text(
        f"""[portfolio]
name = "one value"
description = "one table for all readers"
source = "{table.name}"
key = "{KEY}"
target = "is_owner"
decision_date = "{DAY}"
[split]
method = "random"
test_size = 0.2
seed = 0
[kinds]
"""
        + "\n".join(lines),
        encoding="utf-8",
    )
    frame = read_table(load_portfolio(path)).frame
    return load_scorer(version / "artifacts" / "scorer").contract.encode_frame(frame)


def by_row(notices: list[tuple[int, str]], rows: int) -> list[str]:
    """Return the notices of each row as one text."""
    texts: list[list[str]] = [[] for _ in range(rows)]
    for row, text in notices:
        texts[row].append(text)
    return ["; ".join(sorted(each)) for each in texts]


def ask_training(version: Path, folder: Path, table: Path) -> Answers:
    rows = encode_as_training(version, folder, table)
    scorer = load_scorer(version / "artifacts" / "scorer")
    notices = [(n.row, f"{n.field} {n.problem}") for n in rows.notices]
    probabilities = scorer.score_encoded(rows).probability.tolist()
    return Answers(probabilities, by_row(notices, len(probabilities)))


def ask_batch(version: Path, folder: Path, table: Path) -> Answers:
    output = folder / f"{table.name}.scored.parquet"
    report = score_loans(fetch_model(str(version), KEY), Source(str(table)), output)
    assert report.rejected == 0
    scored = pd.read_parquet(output)
    return Answers(scored["probability"].tolist(), sort_texts(scored["warnings"]))


def sort_texts(warnings: "pd.Series[Any]") -> list[str]:
    """Return the texts of a column `warnings`, each with its notices in order of the alphabet."""
    split = [[] if pd.isna(text) else split_text(text) for text in warnings]
    return ["; ".join(sorted(each)) for each in split]


def split_text(text: str) -> list[str]:
    """Return the notices of a row; a notice itself may hold a semicolon before `the known`."""
    return re.split("; (?!the known)", text)


def ask_predict(http: httpx.Client, applicants: list[Applicant]) -> Answers:
    bodies = [without_key(applicant) for applicant in applicants]
    many = http.post("/predict", json=bodies)
    assert many.status_code == 200, many.text
    alone = [http.post("/predict", json=body).json() for body in bodies]
    assert alone == many.json()
    notices = [
        (row, f"{warning['field']} {warning['problem']}")
        for row, answer in enumerate(alone)
        for warning in answer.get("warnings", [])
    ]
    return Answers([answer["probability"] for answer in alone], by_row(notices, len(alone)))


def invocations_of(applicants: list[Applicant]) -> dict[str, tuple[str, bytes]]:
    """Return a body of each format, with its content type."""
    rows = [without_key(applicant) for applicant in applicants]
    names = list(rows[0])
    columns = {name: [row[name] for row in rows] for name in names}
    data = [[row[name] for name in names] for row in rows]
    documents = {
        "records": {"dataframe_records": rows},
        "split": {"dataframe_split": {"columns": names, "data": data}},
        "instances": {"instances": rows},
        "inputs": {"inputs": columns},
    }
    bodies = {
        kind: ("application/json", json.dumps(document).encode())
        for kind, document in documents.items()
    }
    # tables may have columns that the version does not use
    parquet = to_table(applicants).to_pandas().to_parquet()
    assert parquet is not None
    bodies["csv"] = ("text/csv", to_csv(applicants).encode())
    bodies["parquet"] = ("application/vnd.apache.parquet", parquet)
    return bodies


def ask_invocations(http: httpx.Client, body: tuple[str, bytes]) -> tuple[list[float], list[Any]]:
    answer = http.post("/invocations", content=body[1], headers={"Content-Type": body[0]})
    assert answer.status_code == 200, answer.text
    predictions = answer.json()["predictions"]
    assert all(list(each) == ["probability", "score", "threshold"] for each in predictions)
    notices = json.loads(unquote(answer.headers.get("X-Warnings", "[]")))
    return [each["probability"] for each in predictions], notices


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_every_reader_gives_the_same_answers(
    version: Path, http: httpx.Client, tmp_path: Path, rows: int
) -> None:
    applicants = make_applicants(rows)
    text, typed = write_tables(tmp_path, applicants)
    expected = ask_predict(http, applicants)
    assert len(set(expected.probabilities)) > rows / 2
    assert sum(map(bool, expected.notices)) >= 8
    for reader in (ask_training, ask_batch):
        for table in (text, typed):
            assert reader(version, tmp_path, table) == expected, (reader, table)
    first = [{"row": row, "problem": text} for row, text in enumerate(expected.notices) if text]
    for kind, body in invocations_of(applicants).items():
        probabilities, notices = ask_invocations(http, body)
        assert probabilities == expected.probabilities, kind
        assert 0 < len(notices) <= MOST_HEADER_NOTICES, kind
        assert {n["row"] for n in notices} <= {each["row"] for each in first}, kind
        for notice in notices:
            told = expected.notices[notice["row"]]
            assert f"{notice['field']} {notice['problem']}" in told, kind


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_the_model_of_mlflow_gives_the_same_answers(
    version: Path, http: httpx.Client, caplog: pytest.LogCaptureFixture, rows: int
) -> None:
    applicants = make_applicants(rows)
    expected = ask_predict(http, applicants)
    model = mlflow.pyfunc.load_model(str(version))
    frames = {
        "typed": to_table(applicants).to_pandas(),
        "objects": pd.DataFrame([without_key(applicant) for applicant in applicants]),
    }
    for kind, frame in frames.items():
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="scoring_model"):
            answers = model.predict(frame)
        assert answers["probability"].tolist() == expected.probabilities, kind
        assert list(answers) == ["probability", "score", "threshold"]
        lines = [r.getMessage() for r in caplog.records if r.name == "scoring_model"]
        assert len(lines) == 1, lines
        (line,) = lines
        assert "purpose" in line, kind


# every reader that refuses a whole request, by what it takes
def refusals_of_server(http: httpx.Client, applicant: Applicant) -> dict[str, Any]:
    found = {"one": http.post("/predict", json=without_key(applicant))}
    found["array"] = http.post("/predict", json=[without_key(applicant)])
    for kind, (content_type, body) in invocations_of([applicant]).items():
        headers = {"Content-Type": content_type}
        found[kind] = http.post("/invocations", content=body, headers=headers)
    return {
        kind: [(f["row"], f["field"], f["problem"]) for f in answer.json()["error"]["fields"]]
        for kind, answer in found.items()
        if answer.status_code == 400
    }


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_every_reader_refuses_the_same_value_for_the_same_reason(
    version: Path, http: httpx.Client, tmp_path: Path, wrong: Applicant, field: str
) -> None:
    good = make_applicants(FEW)
    applicant = good[0] | wrong
    found = refusals_of_server(http, applicant)
    assert len(found) == 8, found.keys()
    ((_, name, problem),) = found["one"]
    assert name == field
    assert set(map(tuple, map(tuple, found.values()))) == {((0, field, problem),)}
    frame = to_table([applicant]).to_pandas()
    with pytest.raises(InvalidRequest) as refused:
        load_scorer(version / "artifacts" / "scorer").score_frame(frame)
    assert [(p.row, p.field, p.problem) for p in refused.value.fields] == [(0, field, problem)]
    for rows in (good, make_applicants(MANY)):
        for table in write_tables(tmp_path, [*rows[:7], applicant, *rows[7:]]):
            output = tmp_path / "scored.parquet"
            report = score_loans(fetch_model(str(version), KEY), Source(str(table)), output)
            assert (report.scored, report.rejected) == (len(rows), 1)
            lines = report.rejected_file.read_text(encoding="utf-8").splitlines()
            assert lines[1] == f"{table.name},7,{quoted(field)},{problem}"


def quoted(field: str) -> str:
    """Return a field as a cell of CSV."""
    return '"' + field.replace('"', '""') + '"' if '"' in field else field


@pytest.mark.slow
def test_spark_gives_the_answers_of_local_scoring(
    version: Path, tmp_path: Path, spark: Any
) -> None:
    from train.batch import BatchJob
    from train.engines.spark import SparkEngine

    rows = make_applicants(MANY)
    rows = [*rows, *(rows[0] | wrong for wrong, _ in WRONG)]
    # the second time without a key: the rows are numbered
    for table, key in zip(write_tables(tmp_path, rows), (KEY, None), strict=True):
        model = fetch_model(str(version), key)
        order = [model.key_column, "probability"]
        local, cluster = tmp_path / "local.parquet", tmp_path / "spark.parquet"
        expected = score_loans(model, Source(str(table)), local)
        job = BatchJob(model, Source(str(table)), cluster, "reject")
        report = SparkEngine(session=spark).score(job, print)
        assert report.scored == expected.scored == MANY
        assert report.rejected == expected.rejected == len(WRONG)
        assert report.warnings == expected.warnings
        pd.testing.assert_frame_equal(
            pd.read_parquet(cluster).sort_values(order, ignore_index=True),
            pd.read_parquet(local).sort_values(order, ignore_index=True),
            check_exact=True,
        )
        texts = [Path(f"{path}.rejected").read_text(encoding="utf-8") for path in (local, cluster)]
        assert texts[0] == texts[1]
