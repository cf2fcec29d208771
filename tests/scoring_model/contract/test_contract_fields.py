"""`contract.json`: two formats, and what is refused in a file that anyone may have written."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scoring_model.contract import AnswerFields, Feature, FeatureContract
from scoring_model.errors import ArtifactError

INCOME = Feature("income", "number", nullable=True, labels={"en": "Income"})
GRADE = Feature("grade", "category", True, ("A",), ("B",))
RATE = Feature("rate", "number", True, formula='coalesce(rent, 0) / "income"')
FULL = FeatureContract(
    (Feature("x", "number", False, minimum=-1.5, maximum=7.0), INCOME, GRADE, RATE),
    (Feature("rent", "number", True, minimum=0.0), Feature("hired_on", "date", False)),
    "decided_on",
)

Edit = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "contract",
    [
        FULL,
        FeatureContract((Feature("born_on", "date", nullable=True),)),
        FeatureContract((INCOME, Feature("half", "number", True, formula="income / 2"))),
        FeatureContract((Feature("x", "number", True, maximum=3.0),)),
        FeatureContract((INCOME,), (Feature("rent", "number", True),)),
        FeatureContract((INCOME,), (), "decided_on"),
    ],
)
def test_new_parts_are_read_back_and_older_code_refuses_them(contract: FeatureContract) -> None:
    text = contract.to_json()
    assert FeatureContract.from_json(text) == contract
    assert json.loads(text)["format_version"] == 2
    with pytest.raises(ArtifactError, match="need format_version 2"):
        FeatureContract.from_json(text.replace('"format_version": 2', '"format_version": 1'))


def test_a_plain_contract_is_written_as_before() -> None:
    contract = FeatureContract((INCOME, GRADE))
    document = json.loads(contract.to_json())
    assert set(document) == {"format_version", "features"}
    assert document["format_version"] == 1
    assert set(document["features"][0]) == {
        *("name", "kind", "nullable", "levels", "rare_levels", "labels"),
    }
    assert FeatureContract.from_json(contract.to_json()) == contract
    ranged = contract.with_ranges({"income": (0.0, 1.0)})
    assert ranged.to_json() == contract.to_json()


def test_additions_to_the_answer_are_read_back_and_older_code_refuses_them() -> None:
    answer = AnswerFields(("decision",), "application_id")
    contract = FeatureContract((INCOME, GRADE), unread=("sex",), answer=answer)
    text = contract.to_json()
    assert FeatureContract.from_json(text) == contract
    assert contract.unscored == ("sex", "application_id")
    assert json.loads(text)["format_version"] == 3
    with pytest.raises(ArtifactError, match="answer needs format_version 3"):
        FeatureContract.from_json(text.replace('"format_version": 3', '"format_version": 1'))


def test_older_code_reads_a_contract_with_unread_fields() -> None:
    contract = FeatureContract((INCOME, GRADE), unread=("sex",))
    document = json.loads(contract.to_json())
    assert FeatureContract.from_json(contract.to_json()) == contract
    assert (document["format_version"], document.pop("unread")) == (1, ["sex"])
    assert document == json.loads(FeatureContract((INCOME, GRADE)).to_json())


def test_all_fields_may_be_made_optional() -> None:
    nullable = FULL.with_ranges({"x": (0.0, 1.0)}).with_all_nullable()
    assert all(field.nullable for field in nullable.fields)
    assert nullable.ranges == {"x": (-1.0, 2.0)}
    assert (nullable.decision_date, nullable.names) == (FULL.decision_date, FULL.names)


def set_key(*path: Any, value: Any) -> Edit:
    def edit(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return edit


@pytest.mark.hostile("a contract.json that someone else wrote")
@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (set_key("format_version", value=4), "reads only 1 and 2 and 3"),
        (set_key("unread", value="sex"), "unread must be a list of text"),
        (set_key("unread", value=["income"]), "not scored must have a name of its own"),
        (set_key("unread", value=["sex", "sex"]), "not scored must have a name of its own"),
        (set_key("answer", value={"include": [], "reference": ""}), "answer needs format_version"),
        (set_key("answer", value=[]), "answer must be an object"),
        (set_key("answer", value={"reference": ""}), "include is missing"),
        (set_key("answer", value={"include": ["price"], "reference": ""}), "include must hold"),
        (set_key("answer", value={"include": [], "reference": 7}), "reference must be text"),
        (set_key("answer", value={"include": [], "reference": "score"}), "no other field"),
        (set_key("answer", value={"include": [], "reference": "rent"}), "name of its own"),
        (set_key("inputs", value={}), "inputs must be a list"),
        (set_key("inputs", 0, value=[]), r"inputs\[0\] must be an object"),
        (set_key("inputs", 0, "name", value="x"), "a name of its own"),
        (set_key("inputs", 0, "name", value="rate"), "a name of its own"),
        (set_key("inputs", value=[RATE.to_fields()]), "an input must have no formula"),
        (set_key("decision_date", value=7), "decision_date must be text"),
        (set_key("decision_date", value=""), "decision_date must be text"),
        (set_key("decision_date", value="income"), "a name of its own"),
        (set_key("features", 0, "name", value="income"), "a name of its own"),
        (set_key("features", 0, "minimum", value="0"), "minimum must be a number"),
        (set_key("features", 0, "maximum", value=None), "maximum must be a number"),
        (set_key("features", 0, "maximum", value=-2), "minimum must be at most maximum"),
        (set_key("features", 2, "minimum", value=0), "only a number that is no formula"),
        (set_key("features", 3, "maximum", value=0), "only a number that is no formula"),
        (set_key("inputs", 1, "maximum", value=0), "only a number that is no formula"),
        (set_key("inputs", 1, "levels", value=["2021-12-31"]), "kind must be"),
        (set_key("inputs", 1, "kind", value="yes/no"), "kind must be"),
        (set_key("features", 3, "formula", value=1), "formula must be text"),
        (set_key("features", 3, "nullable", value=False), "a formula must give a number that may"),
        (set_key("features", 3, "kind", value="date"), "a formula must give a number"),
        (set_key("features", 3, "formula", value="grade * 2"), "'grade' is none"),
        (set_key("features", 3, "formula", value="rate + 1"), "'rate' is none"),
        (set_key("features", 3, "formula", value="gone"), "the formula of rate must use fields"),
        (set_key("features", 3, "formula", value="1 + 2"), "it uses none"),
        (set_key("features", 3, "formula", value="income + 1 / 0"), "cannot be computed"),
        (
            set_key("features", 3, "formula", value="income.real"),
            "the formula of rate must be made",
        ),
        (set_key("features", 3, "formula", value="income +"), "is not an arithmetic expression"),
        (set_key("features", value=[{**RATE.to_fields(), "formula": "hired_on"}]), None),
    ],
)
def test_a_file_that_is_not_valid_is_refused(edit: Edit, said: str | None) -> None:
    document = json.loads(FULL.to_json())
    edit(document)
    text = json.dumps(document)
    if said is None:
        assert FeatureContract.from_json(text).names == ("rate",)
        return
    with pytest.raises(ArtifactError, match=said) as raised:
        FeatureContract.from_json(text)
    assert str(raised.value).startswith("contract.json")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_limits_must_be_finite(number: str) -> None:
    text = FULL.to_json().replace("-1.5", number)
    with pytest.raises(ArtifactError):
        FeatureContract.from_json(text)
