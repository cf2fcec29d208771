"""`/predict` with histories gives the answers of batch scoring, from the rows of one applicant."""

import copy
import dataclasses
import json
import math
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring_model.contract import AnswerFields, Feature, FeatureContract, judge_reference
from scoring_model.errors import InvalidRequest, Problems
from scoring_model.features import (
    APPLICATION,
    ApplicantFeatures,
    FeatureSql,
    History,
    compute_features,
    open_duckdb,
)
from scoring_model.features.applicant_engine import ApplicantEngine
from scoring_model.features.applicant_tables import ApplicantReader
from scoring_model.http.answers import RequestLimits, predict_many
from scoring_model.settings import ServerSettings
from scoring_model.version import TimedScoring, load_scorer
from tests.scoring_model.http.document.test_openapi import run_schemathesis
from tests.scoring_model.planted_histories import (
    KEY,
    PlantedHistories,
    plant_histories,
    plant_small,
)
from tests.scoring_model.processes import Server, start_server

PROTECTED = ("CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS")
LIMITS = {"MAX_ROWS": "20", "MAX_EXPLAINED_ROWS": "2"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> PlantedHistories:
    return plant_histories(tmp_path_factory.mktemp("histories"))


@pytest.fixture(scope="module")
def server(planted: PlantedHistories, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start_server(planted.folder, tmp_path_factory.mktemp("server"), LIMITS) as running:
        yield running


@pytest.fixture
def applicant(planted: PlantedHistories) -> dict[str, Any]:
    """Return an applicant with rows in every table."""
    rows = {name: set(table[KEY]) for name, table in planted.tables.items() if KEY in table.columns}
    return planted.applicant(min(set.intersection(*rows.values())))


def test_an_applicant_alone_has_the_features_of_batch_scoring(planted: PlantedHistories) -> None:
    features = planted.scorer.features
    assert features is not None
    engine = ApplicantEngine(features)
    reader = ApplicantReader(features, planted.scorer.contract)
    # batch scoring leaves out a feature that has no value in any row
    names = [name for name in features.labels() if name in planted.finished]
    alone = []
    for key in planted.finished.index:
        problems = Problems()
        computed = engine.compute(reader.read(planted.applicant(key), 0, problems).tables)
        problems.require_none()
        assert len(computed) == len(features.labels()) == 675
        alone.append([computed[name] for name in names])
    batch = planted.finished[names].to_numpy(dtype=float)
    np.testing.assert_allclose(np.array(alone, dtype=float), batch, rtol=1e-9, atol=0)


def test_an_applicant_alone_gets_the_decision_of_batch_scoring(
    planted: PlantedHistories, server: Server
) -> None:
    keys = list(planted.finished.index)[:60]
    scorer = planted.scorer
    rows = scorer.contract.encode_records([planted.finished_row(key) for key in keys])
    expected = scorer.score_encoded(rows)
    answers = []
    for start in range(0, len(keys), 20):
        body = [planted.applicant(key) for key in keys[start : start + 20]]
        answers += server.http.post("/predict", json=body).json()
    np.testing.assert_allclose(
        [answer["probability"] for answer in answers], expected.probability, rtol=1e-9
    )
    assert [answer["score"] for answer in answers] == expected.score.tolist()
    assert {0, 1} == set(expected.score.tolist())
    alone = server.http.post("/predict", json=planted.applicant(keys[0]))
    assert alone.json() == answers[0]


def test_a_finished_row_is_accepted_too(planted: PlantedHistories, server: Server) -> None:
    row = planted.finished_row(planted.finished.index[0])
    [prediction] = server.http.post("/invocations", json={"dataframe_records": [row]}).json()[
        "predictions"
    ]
    assert server.http.post("/predict", json=row).json() == prediction
    mixed = server.http.post("/predict", json=[planted.applicant(planted.finished.index[0]), row])
    assert mixed.status_code == 400
    assert {"row": 1, "field": "application", "problem": "is required"} in mixed.json()["error"][
        "fields"
    ]


def test_reasons_name_features_of_histories(applicant: dict[str, Any], server: Server) -> None:
    answer = server.http.post("/predict?explain=true&top=all", json=applicant).json()
    margin = answer["base_value"] + sum(r["contribution"] for r in answer["reasons"])
    assert math.isclose(1 / (1 + math.exp(-margin)), answer["probability"], rel_tol=1e-6)
    assert any("(bureau)" in reason["label"] for reason in answer["reasons"])


def test_tables_and_keys_may_be_left_out(applicant: dict[str, Any], server: Server) -> None:
    del applicant["bureau"], applicant["bureau_balance"]
    without = server.http.post("/predict", json=applicant).json()
    assert without == server.http.post("/predict", json=applicant | {"bureau": []}).json()
    assert without == server.http.post("/predict", json=applicant | {"bureau": None}).json()
    anonymous = copy.deepcopy(applicant)
    for rows in (value for value in anonymous.values() if isinstance(value, list)):
        for row in rows:
            row.pop(KEY, None)
    del anonymous[APPLICATION][KEY]
    assert server.http.post("/predict", json=anonymous).json() == without


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        (("loans",), [], "loans", "is not a table of this model"),
        (("application",), [], "application", "must be an object"),
        (("application",), None, "application", "is required"),
        (("bureau",), {}, "bureau", "must be an array of objects"),
        (("bureau", 0), 7, "bureau[0]", "must be an object"),
        (("bureau", 1, "SECRET"), 1, "bureau[1].SECRET", "is not a column of this table"),
        (("bureau", 0, "DAYS_CREDIT"), "SECRET", "bureau[0].DAYS_CREDIT",
         "must be a whole number of at most 64 bits"),
        (("bureau", 0, "DAYS_CREDIT"), 1.5, "bureau[0].DAYS_CREDIT",
         "must be a whole number of at most 64 bits"),
        (("bureau", 0, "DAYS_CREDIT"), 2**63, "bureau[0].DAYS_CREDIT",
         "must be a whole number of at most 64 bits"),
        (("bureau", 0, "AMT_CREDIT_SUM"), True, "bureau[0].AMT_CREDIT_SUM", "must be a number"),
        (("bureau", 0, "AMT_CREDIT_SUM"), [1], "bureau[0].AMT_CREDIT_SUM", "must be a number"),
        (("bureau", 0, "CREDIT_ACTIVE"), 3, "bureau[0].CREDIT_ACTIVE", "must be text"),
        (("bureau", 0, KEY), 1, f"bureau[0].{KEY}",
         "must equal the key of the application, or be left out"),
        (("application", "AMT_CREDIT"), None, "application.AMT_CREDIT", "is required"),
        (("application", "TARGET"), 0, "application.TARGET", "is not a column of this table"),
        (("application", "FLAG_OWN_CAR"), 1, "application.FLAG_OWN_CAR", "must be text"),
    ],
)  # fmt: skip
def test_a_problem_is_named_by_table_row_and_field(
    applicant: dict[str, Any],
    server: Server,
    path: tuple[Any, ...],
    value: Any,
    field: str,
    problem: str,
) -> None:
    wrong = copy.deepcopy(applicant)
    place: Any = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    answer = server.http.post("/predict", json=[applicant, wrong])
    assert answer.status_code == 400
    found = answer.json()["error"]["fields"]
    assert {"row": 1, "field": field, "problem": problem} in found
    assert {each["row"] for each in found} == {1}
    assert "SECRET" not in answer.text.replace("bureau[1].SECRET", "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"STATUS":', '"STATUS": "C", "STATUS":', "is given twice"),
        ('"STATUS":', '"STATUS": NaN, "SECRET":', "must be finite and fit into a double"),
        ('"STATUS":', '"STATUS": 1e999, "SECRET":', "must be finite and fit into a double"),
    ],
)
def test_a_problem_of_the_json_is_named_by_table_row_and_field(
    applicant: dict[str, Any], server: Server, old: str, new: str, problem: str
) -> None:
    applicant["bureau_balance"] = [{"MONTHS_BALANCE": 0}, {"STATUS": "0"}]
    body = json.dumps([applicant]).replace(old, new)
    headers = {"Content-Type": "application/json"}
    answer = server.http.post("/predict", content=body, headers=headers)
    assert answer.status_code == 400
    field = {"row": 0, "field": "bureau_balance[1].STATUS", "problem": problem}
    assert answer.json()["error"]["fields"] == [field]


def test_limits_count_applicants(applicant: dict[str, Any], server: Server) -> None:
    bare = {"application": applicant["application"]}
    assert len(server.http.post("/predict", json=[bare] * 3).json()) == 3
    assert "MAX_ROWS" in server.http.post("/predict", json=[bare] * 21).text
    explained = server.http.post("/predict?explain=true", json=[bare] * 3)
    assert (explained.status_code, "MAX_EXPLAINED_ROWS" in explained.text) == (413, True)


def test_special_characters_in_text_do_no_harm(applicant: dict[str, Any], server: Server) -> None:
    for text in ("'); DROP TABLE bureau; --", "\u0000", "é\U0001f600", '"', "\\", "{}", ""):
        applicant["bureau"][0]["CREDIT_TYPE"] = text
        assert server.http.post("/predict", json=applicant).status_code == 200
    before = server.http.post("/predict", json=applicant).json()
    applicant["bureau"][0]["CREDIT_TYPE"] = "another"
    assert server.http.post("/predict", json=applicant).json() == before


def test_protected_columns_are_accepted_and_ignored(
    applicant: dict[str, Any], server: Server
) -> None:
    before = server.http.post("/predict", json=applicant).json()
    applicant["application"]["CODE_GENDER"] = {"anything": "at all"}
    assert server.http.post("/predict", json=applicant).json() == before
    del applicant["application"]["CODE_GENDER"]
    assert server.http.post("/predict", json=applicant).json() == before


@pytest.mark.parametrize("value", ["F", 7, True, None, [1], {"a": None}])
def test_protected_columns_of_a_finished_row_are_ignored_too(
    planted: PlantedHistories, server: Server, value: Any
) -> None:
    assert planted.scorer.contract.unread == PROTECTED
    row = planted.finished_row(planted.finished.index[0])
    told = row | dict.fromkeys(PROTECTED, value)
    before = server.http.post("/predict", json=row).json()
    assert server.http.post("/predict", json=told).json() == before
    assert server.http.post("/predict", json=[row, told]).json() == [before, before]
    answer = server.http.post("/invocations", json={"dataframe_records": [told]})
    assert answer.json() == {"predictions": [before]}
    schemas = server.http.get("/openapi.json").json()["components"]["schemas"]
    own = schemas["ApplicantWithHistory"]["properties"]["application"]["properties"]
    for name in PROTECTED:
        assert own[name] == schemas["Applicant"]["properties"][name]


@pytest.mark.parametrize("reference", ["id", "number"])
def test_a_reference_is_read_from_the_application(tmp_path: Path, reference: str) -> None:
    loaded = load_scorer(plant_small(tmp_path) / "artifacts" / "scorer")
    answer = AnswerFields(("decision", "model_version"), reference)
    contract = dataclasses.replace(loaded.contract, answer=answer)
    scorer = dataclasses.replace(loaded, contract=contract, version="7")
    assert scorer.features is not None
    histories = ApplicantFeatures(scorer.features, contract)
    limits = RequestLimits.from_settings(ServerSettings(""))

    def predict(body: Any) -> Any:
        timed = TimedScoring(time.monotonic() + 60)
        return json.loads(
            predict_many(scorer, histories, json.dumps(body).encode(), limits, timed, None)
        )

    loans = [{"debt": 3.0, "status": "late"}]
    one = {"application": {"income": 1.0, reference: 17}, "loans": loans}
    first, second = predict([one, {"application": {"income": 1.0}}])
    assert list(first)[3:] == ["decision", "model_version", reference]
    assert (first["model_version"], first[reference]) == ("7", 17)
    assert reference not in second
    finished = {"income": 1.0, "debt_sum": 3.0, reference: 17}
    assert predict(one) == first == predict(finished) == predict([finished])[0]
    for value in (True, 1.5, 2**64, "x" * 201, [1]):
        for body, place in (
            ({"application": {"income": 1.0, reference: value}}, f"application.{reference}"),
            ({"income": 1.0, reference: value}, reference),
        ):
            with pytest.raises(InvalidRequest) as caught:
                predict(body)
            problems = {(problem.field, problem.problem) for problem in caught.value.fields}
            assert (place, judge_reference(value)) in problems
    # it belongs to the application, not to the tables
    with pytest.raises(InvalidRequest, match="is not a table of this model"):
        predict({"application": {"income": 1.0}, reference: 17})


def test_the_example_in_the_document_can_be_sent(server: Server) -> None:
    content = server.http.get("/openapi.json").json()["paths"]["/predict"]["post"]
    examples = content["requestBody"]["content"]["application/json"]["examples"]
    assert "with its history" in examples
    for example in examples.values():
        answer = server.http.post("/predict", json=example["value"])
        assert answer.status_code == 200, answer.text


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with start_server(plant_small(tmp_path / "version"), tmp_path) as running:
        run_schemathesis(running, 100)


@pytest.mark.slow
def test_an_applicant_is_answered_in_time(planted: PlantedHistories) -> None:
    features = planted.scorer.features
    assert features is not None
    engine = ApplicantEngine(features)
    reader = ApplicantReader(features, planted.scorer.contract)
    seconds = []
    for key in list(planted.finished.index)[:40]:
        tables = reader.read(planted.applicant(key), 0, Problems()).tables
        began = time.thread_time()
        engine.compute(tables)
        seconds.append(time.thread_time() - began)
    # CPU time of one core, so that other tests at the same time do not count
    assert statistics.median(seconds) < 0.150


@pytest.mark.hostile("empty text for a category, in every reader")
@pytest.mark.parametrize("empty_is_missing", [True, False])
def test_empty_text_is_the_same_for_one_applicant_and_in_batch(empty_is_missing: bool) -> None:
    kinds = {"id": "BIGINT", "state": "VARCHAR"}
    sql = "SELECT id, count(state) AS known FROM loans GROUP BY id;"
    histories = (History(APPLICATION, "", kinds), History("loans", sql, kinds))
    features = FeatureSql("id", histories, empty_is_missing)
    reader = ApplicantReader(features, FeatureContract(()))
    states = [{"state": state} for state in ("", "open", None)]
    read = reader.read({APPLICATION: {"id": 1, "state": ""}, "loans": states}, 0, Problems())
    alone = ApplicantEngine(features).compute(read.tables)["known"]
    sources = {
        APPLICATION: "(SELECT 1 AS id, '' AS state)",
        "loans": "(VALUES (1, ''), (1, 'open'), (1, NULL)) AS t(id, state)",
    }
    with open_duckdb("100MB") as databases:
        query = compute_features(databases, features, sources, print)
        ((_, state, known),) = databases.sealed.execute(query).fetchall()
    assert alone == known == (1 if empty_is_missing else 2)
    assert state == (None if empty_is_missing else "")


@pytest.mark.hostile("whole numbers that a double would round")
def test_long_whole_numbers_of_histories_are_refused_by_name() -> None:
    kinds = {"id": "BIGINT", "debt": "DOUBLE"}
    sql = "SELECT id, sum(debt) AS debt_sum FROM loans GROUP BY id;"
    features = FeatureSql("id", (History(APPLICATION, "", kinds), History("loans", sql, kinds)))
    contract = FeatureContract((Feature("debt_sum", "number", nullable=True),))
    for number, is_right in (("9007199254740993", False), (str(2**70 + 1), False), ("1e30", True)):
        body = f'{{"application": {{"id": 9007199254740993}}, "loans": [{{"debt": {number}}}]}}'
        encode = partial(
            ApplicantFeatures(features, contract).encode,
            *(body.encode(), [json.loads(body)], lambda: None),
        )
        if is_right:
            assert encode().matrix.tolist() == [[float(number)]]
            continue
        with pytest.raises(InvalidRequest, match=r"loans\[0\].debt must be a whole number that"):
            encode()


def test_types_of_other_portfolios_are_checked_strictly() -> None:
    kinds = {"id": "VARCHAR", "day": "DATE", "at": "TIMESTAMP", "new": "BOOLEAN"}
    values = 'year(day) AS a, hour("at") AS b, CAST("new" AS INT) AS c'
    sql = f"SELECT id, {values} FROM application;"
    features = FeatureSql("id", (History(APPLICATION, sql, kinds),))
    reader = ApplicantReader(features, FeatureContract(()))
    good = {"day": "2004-01-31", "at": "2004-01-31T09:30:00", "new": True}
    tables = reader.read({"application": good}, 0, Problems()).tables
    assert ApplicantEngine(features).compute(tables) == {"a": 2004.0, "b": 9.0, "c": 1.0}
    problems = Problems()
    wrong = {"day": "31.1.2004", "at": "2004-01-31T09:30:00+01:00", "new": 1}
    reader.read({"application": wrong}, 0, problems)
    assert [problem.field for problem in problems.first] == [
        "application.day",
        "application.at",
        "application.new",
    ]


@pytest.mark.parametrize("kind", ["VARCHAR", "BOOLEAN"])
def test_yes_and_no_of_an_application_may_be_written_in_capitals(kind: str) -> None:
    sql = 'SELECT id, CAST(CAST("owner" AS BOOLEAN) AS INT) AS owns FROM application;'
    features = FeatureSql("id", (History(APPLICATION, sql, {"id": "BIGINT", "owner": kind}),))
    owner = Feature("owner", "category", nullable=True, levels=("false", "true"))
    contract = FeatureContract((owner, Feature("owns", "number", nullable=True)))
    encode = ApplicantFeatures(features, contract).encode

    def rows_of(value: object) -> list[list[float]]:
        record = {"application": {"id": 1, "owner": value}}
        encoded = encode(json.dumps(record).encode(), [record], lambda: None)
        return encoded.matrix.tolist()  # type: ignore[no-any-return]

    for value in (True, "true", "TRUE", "tRue"):
        assert rows_of(value) == [[1.0, 1.0]]
    for wrong in ("yes", 1, " true"):
        with pytest.raises(InvalidRequest, match=r"application.owner must be true or false"):
            rows_of(wrong)
