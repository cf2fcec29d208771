"""Every scored row is one decision in the log, with what it takes to make it again."""

import hashlib
import hmac
import os
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring_model.contract import NEVER_SEEN, Feature
from scoring_model.decision_log import FolderReader, LogSettings
from scoring_model.version import load_model
from tests.made import as_json
from tests.scoring_model.planted_histories import plant_small
from tests.train.batch.logged import (
    day_text,
    load_version,
    make_applicants,
    open_batch_log,
    read_log,
    replay,
    write_version,
)
from train.batch import BatchJob, BatchLog, BatchModel, score_job, score_loans
from train.errors import InputError
from train.tables import Source

ROWS, PART_ROWS = 1_500, 400
RULE = "must be text of at most 200 characters, or a whole number of at most 64 bits"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> BatchModel:
    folder = tmp_path_factory.mktemp("logged") / "version"
    write_version(folder)
    return load_version(folder)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_row_is_logged_once_and_its_decision_can_be_made_again(
    tmp_path: Path, model: BatchModel, ending: str
) -> None:
    applicants = make_applicants(ROWS)
    for number, part in enumerate((applicants[:900], applicants[900:])):
        file = tmp_path / f"body-{number}.{ending}"
        part.to_parquet(file) if ending == "parquet" else part.to_csv(file, index=False)
    body, plain, output = Source(f"{tmp_path}/body-*"), tmp_path / "a.csv", tmp_path / "b.csv"
    score_loans(model, body, plain, part_rows=PART_ROWS)
    log = tmp_path / "log"
    report = score_loans(model, body, output, part_rows=PART_ROWS, log=open_batch_log(log))
    assert report.scored == ROWS
    assert output.read_bytes() == plain.read_bytes()
    decisions = sorted(read_log(log), key=lambda each: int(each.personal["reference"]))
    assert [each.personal["reference"] for each in decisions] == [str(n) for n in range(ROWS)]
    replay(model.scorer, decisions)
    scored = pd.read_csv(output)
    assert scored["probability"].tolist() == [each.record["probability"] for each in decisions]
    assert list(map(day_text, applicants["decided_on"])) == [
        each.record["decided_on"] for each in decisions
    ]
    expected = {"route": "batch", "key": None, **model.name._asdict()}
    for name, value in expected.items():
        assert {each.record[name] for each in decisions} == {value}
    # a category that training never saw keeps its text, and a missing value stays missing
    known = {"region": ("east", "north", "south"), "purpose": (None, "car", "home", "shop")}
    columns = ([as_json(cell) for cell in applicants[name]] for name in known)
    for *cells, each in zip(*columns, decisions, strict=True):
        given = dict(zip(known, cells, strict=True))
        assert {name: each.personal["applicant"].get(name) for name in known} == given
        unseen = [name for name, cell in given.items() if cell not in known[name]]
        assert each.personal.get("warnings", []) == [
            {"field": name, "problem": NEVER_SEEN} for name in unseen
        ]
    # another run is another scoring
    score_loans(model, body, output, log=open_batch_log(log))
    assert len(read_log(log)) == 2 * ROWS


def test_a_table_without_the_day_is_decided_on_the_day_of_the_job(
    tmp_path: Path, model: BatchModel
) -> None:
    make_applicants(60).drop(columns="decided_on").to_parquet(tmp_path / "body.parquet")
    log = tmp_path / "log"
    body = Source(f"{tmp_path}/body.parquet")
    score_loans(model, body, tmp_path / "o.csv", log=open_batch_log(log))
    decisions = read_log(log)
    assert {each.record["decided_on"] for each in decisions} == {day_text(None)}
    replay(model.scorer, decisions)


def test_numbers_of_every_type_come_back_to_the_last_bit(tmp_path: Path, model: BatchModel) -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**64, 3000, dtype=np.uint64).view(np.float64)
    doubles = [0.1, -0.0, 5e-324, 1.7976931348623157e308, *bits[np.isfinite(bits)].tolist()]
    columns = {
        "doubles": pa.array(doubles),
        "floats": pa.array(rng.normal(size=100).astype(np.float32)),
        "wholes": pa.array([2**53, -(2**60), 7]),
        "unsigned": pa.array([2**63, 2**63 + 2**20], pa.uint64()),
        "decimals": pa.array([Decimal("0.1"), Decimal("123456.789012345678")]),
        "text": pa.array(["1e300", " 0.30000000000000004 ", "100000000000000000000", "-7"] * 20),
        "mixed": pa.array(["100000000000000000000", "7", "wrong"]),
    }
    for name, column in columns.items():
        body, log = tmp_path / f"{name}.parquet", tmp_path / f"log-{name}"
        rows = len(column)
        pq.write_table(
            pa.table(
                {
                    "loan_id": range(rows),
                    "income": pa.array([1.0] * rows),
                    "debt_ratio": column,
                    "region": ["north"] * rows,
                    "purpose": pa.array(["car"] * rows).dictionary_encode(),
                    "has_home": [True] * rows,
                    "employed_since": pa.nulls(rows),
                }
            ),
            body,
        )
        log_of = open_batch_log(log)
        report = score_loans(model, Source(str(body)), tmp_path / "o.csv", log=log_of)
        assert report.rejected == column.to_pylist().count("wrong")
        decisions = read_log(log)
        kept = [float(value) for value in column.to_pylist() if value != "wrong"]
        logged = [float(each.personal["applicant"]["debt_ratio"]) for each in decisions]
        assert np.array(logged).tobytes() == np.array(kept).tobytes(), name
        replay(model.scorer, decisions)


def test_the_column_of_references_goes_before_the_key(tmp_path: Path, model: BatchModel) -> None:
    applicants = make_applicants(8)
    names = ["a-1", "x" * 200, None, "x" * 201, "é", "", "7", "a-8"]
    applicants["application"] = names
    applicants.to_parquet(tmp_path / "body.parquet")
    body, log = Source(f"{tmp_path}/body.parquet"), tmp_path / "log"
    # without a log nothing reads them
    assert score_loans(model, body, tmp_path / "o.csv").scored == 8
    report = score_loans(model, body, tmp_path / "o.csv", log=open_batch_log(log))
    assert (report.scored, report.rejected) == (7, 1)
    rejected = report.rejected_file.read_text(encoding="utf-8").splitlines()
    assert rejected[1:] == [f'body.parquet,3,application,"{RULE}"']
    assert [each.personal.get("reference") for each in read_log(log)] == [*names[:3], *names[4:]]
    with pytest.raises(InputError, match=f"row 3: application {RULE}"):
        score_loans(model, body, tmp_path / "o.csv", on_invalid="fail", log=open_batch_log(log))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (pa.array([1, -(2**63)]), ["1", str(-(2**63))]),
        (pa.array([1.0, 2.0]), ["1", "2"]),
        (pa.array([Decimal("10"), Decimal("12345678901234567890123")]), ["10"]),
        (pa.array(["007", "é"]).dictionary_encode(), ["007", "é"]),
        (pa.array([1.5, 2.0]), ["2"]),
    ],
)
def test_the_key_is_the_reference(
    tmp_path: Path, model: BatchModel, keys: pa.Array, expected: list[str]
) -> None:
    table = pa.Table.from_pandas(make_applicants(2).drop(columns="loan_id"))
    pq.write_table(table.append_column("loan_id", keys), tmp_path / "body.parquet")
    log = open_batch_log(tmp_path / "log")
    score_loans(model, Source(f"{tmp_path}/body.parquet"), tmp_path / "o.parquet", log=log)
    assert [each.personal["reference"] for each in read_log(tmp_path / "log")] == expected


def test_the_number_of_a_row_is_no_reference(tmp_path: Path, model: BatchModel) -> None:
    make_applicants(5).to_parquet(tmp_path / "body.parquet")
    model = BatchModel(model.scorer, model.name, None, "digest")
    log = open_batch_log(tmp_path / "log")
    score_loans(model, Source(f"{tmp_path}/body.parquet"), tmp_path / "o.csv", log=log)
    assert all("reference" not in each.personal for each in read_log(tmp_path / "log"))


def test_with_a_secret_only_digests_of_references_are_kept(
    tmp_path: Path, model: BatchModel
) -> None:
    make_applicants(5).to_parquet(tmp_path / "body.parquet")
    log = open_batch_log(tmp_path / "log", key="secret")
    score_loans(model, Source(f"{tmp_path}/body.parquet"), tmp_path / "o.csv", log=log)
    for row, each in enumerate(read_log(tmp_path / "log")):
        digest = hmac.new(b"secret", str(row).encode(), hashlib.sha256).hexdigest()
        assert each.personal["reference_digest"] == digest
        assert "reference" not in each.personal


def test_rejected_rows_are_counted_and_never_logged(tmp_path: Path, model: BatchModel) -> None:
    applicants = make_applicants(ROWS).astype({"income": object})
    applicants.loc[[3, 1200], "income"] = "forbidden"
    applicants.loc[4, "region"] = None
    applicants.to_csv(tmp_path / "body.csv", index=False)
    log = tmp_path / "log"
    body = Source(f"{tmp_path}/body.csv")
    score_loans(model, body, tmp_path / "o.csv", log=open_batch_log(log))
    decisions = read_log(log)
    assert len(decisions) == ROWS - 3
    assert {"3", "4", "1200"}.isdisjoint(each.personal["reference"] for each in decisions)
    counts = list(FolderReader(log).counts())
    assert [(c["kind"], c["cause"], c["count"]) for c in counts] == [("refused", "invalid_rows", 3)]
    assert not any(b"forbidden" in f.read_bytes() for f in log.rglob("*") if f.is_file())


def test_a_job_that_stops_at_an_invalid_row_leaves_no_decision(
    tmp_path: Path, model: BatchModel
) -> None:
    applicants = make_applicants(1000)
    applicants.loc[900, "income"] = np.nan
    for number in range(10):
        applicants[number * 100 : number * 100 + 100].to_parquet(tmp_path / f"b{number}.parquet")
    log = tmp_path / "log"
    with pytest.raises(InputError, match="row 0: income is required"):
        score_loans(
            model,
            Source(f"{tmp_path}/b*.parquet"),
            tmp_path / "o.csv",
            on_invalid="fail",
            part_rows=100,
            log=open_batch_log(log),
        )
    assert [path.name for path in log.iterdir()] == ["log.json"]
    assert not list(tmp_path.glob("o.csv*"))


def test_an_empty_input_leaves_an_empty_log(tmp_path: Path, model: BatchModel) -> None:
    make_applicants(5)[:0].to_parquet(tmp_path / "body.parquet")
    log = open_batch_log(tmp_path / "log")
    score_loans(model, Source(f"{tmp_path}/body.parquet"), tmp_path / "o.csv", log=log)
    assert [path.name for path in (tmp_path / "log").iterdir()] == ["log.json"]


def test_a_log_on_another_disk_gets_the_same_decisions(tmp_path: Path, model: BatchModel) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second disk")
    make_applicants(ROWS).to_parquet(tmp_path / "body.parquet")
    log = memory / f"log-{os.getpid()}"
    try:
        body = Source(f"{tmp_path}/body.parquet")
        score_loans(model, body, tmp_path / "o.csv", log=open_batch_log(log))
        decisions = read_log(log)
        modes = {oct(path.stat().st_mode & 0o77) for path in log.rglob("*")}
    finally:
        shutil.rmtree(log)
    assert len(decisions) == ROWS
    assert modes == {"0o0"}


def test_the_decisions_that_go_into_a_database_are_logged(
    tmp_path: Path, model: BatchModel
) -> None:
    make_applicants(50).to_parquet(tmp_path / "body.parquet")
    log = tmp_path / "log"
    job = BatchJob(
        model,
        Source(f"{tmp_path}/body.parquet"),
        Path("decided"),
        "reject",
        f"sqlite:///{tmp_path}/out.db",
        open_batch_log(log),
    )
    assert score_job(job, "1GB", print).scored == 50
    assert len(read_log(log)) == 50


def test_with_histories_the_finished_row_is_logged(tmp_path: Path) -> None:
    loaded = load_model(str(plant_small(tmp_path / "version")))
    tables = tmp_path / "tables"
    tables.mkdir()
    pd.DataFrame(
        {"id": [1, 2], "income": [1.5, 2.5], "purpose": ["car", "boat"], "gender": ["f", "m"]}
    ).to_parquet(tables / "application.parquet")
    pd.DataFrame(
        {"id": [1, 1, 1], "debt": [0.1, 0.2, 5.0], "status": ["open", "open", "paid"]}
    ).to_parquet(tables / "loans.parquet")
    model = BatchModel(loaded.scorer, loaded.name, "id", "digest")
    log = tmp_path / "log"
    output = tmp_path / "scored.parquet"
    job = BatchJob(model, Source(str(tables)), output, "reject", log=open_batch_log(log))
    assert score_job(job, "1GB", print).scored == 2
    decisions = sorted(read_log(log), key=lambda each: str(each.personal["reference"]))
    assert [each.personal["applicant"] for each in decisions] == [
        {"income": 1.5, "purpose": "car", "debt_sum": 0.1 + 0.2},
        {"income": 2.5, "purpose": "boat"},
    ]
    replay(loaded.scorer, decisions)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("notes.txt", b"mine", "holds other files: a decision log needs its own folder"),
        ("log.json", orjson.dumps({"format_version": 99}), "has format 99, this release reads 1"),
        ("log.json", b"{", "is not JSON"),
    ],
)
def test_a_place_that_is_no_decision_log_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, rule: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rule) as raised:
        BatchLog(LogSettings(str(tmp_path)))
    assert str(raised.value).startswith("decision_log: ")
    assert "\n" not in str(raised.value)


def test_a_place_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError) as raised:
        open_batch_log(tmp_path / "file" / "log")
    assert str(raised.value) == (
        f"decision_log {tmp_path}/file/log: cannot be written: Not a directory"
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_day_of_a_decision_is_logged_although_the_version_does_not_count_from_it(
    tmp_path: Path, model: BatchModel, ending: str
) -> None:
    contract = model.scorer.contract
    amount = Feature("amount", "number", nullable=True)
    plain = replace(contract, features=(*contract.features[:-1], amount), decision_date="")
    scorer = replace(model.scorer, contract=plain)
    dated = replace(model, scorer=scorer, decision_date="decided_on")
    applicants, file = make_applicants(50), tmp_path / f"body.{ending}"
    if ending == "csv":
        # a cell that is no date makes no row invalid
        applicants["decided_on"] = applicants["decided_on"].astype(str).replace("NaT", "soon")
        applicants.to_csv(file, index=False)
    else:
        applicants.to_parquet(file)
    for name, version in (("dated", dated), ("undated", replace(dated, decision_date=""))):
        log = open_batch_log(tmp_path / name)
        report = score_loans(version, Source(str(file)), tmp_path / f"{name}.csv", log=log)
        assert report.scored == 50
    logged = sorted(read_log(tmp_path / "dated"), key=lambda each: int(each.personal["reference"]))
    days = pd.to_datetime(make_applicants(50)["decided_on"]).dt.strftime("%Y-%m-%d")
    expected = [None if pd.isna(day) else day for day in days]
    assert [each.record["decided_on"] for each in logged] == expected
    assert all("decided_on" not in each.personal["applicant"] for each in logged)
    assert {each.record["decided_on"] for each in read_log(tmp_path / "undated")} == {None}
