"""Reasons: contributions add up, refusals get the right ones, labels are in the right language."""

from typing import Any

import numpy as np
import pytest

from scoring_model.version import Scorer, choose_language
from tests.scoring_model.planted import EXAMPLE, LABELS, make_contract, make_rows
from tests.scoring_model.processes import Server

ROWS = make_rows(make_contract(), 3000, seed=5)


def explained(server: Server, rows: Any, query: str = "", language: str | None = None) -> Any:
    headers = {"Accept-Language": language} if language else {}
    answer = server.http.post(f"/predict?explain=true{query}", json=rows, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_all_contributions_add_up_to_the_raw_log_odds(server: Server, scorer: Scorer) -> None:
    margins = scorer.predict_margins(scorer.contract.encode_records(ROWS).matrix)
    parts = [explained(server, ROWS[i : i + 1000], "&top=all") for i in (0, 1000, 2000)]
    answers = [answer for part in parts for answer in part]
    sums = [
        answer["base_value"] + sum(reason["contribution"] for reason in answer["reasons"])
        for answer in answers
    ]
    assert np.abs(np.array(sums) - margins).max() <= 1e-9
    names = sorted(scorer.contract.names)
    assert all(sorted(r["feature"] for r in answer["reasons"]) == names for answer in answers)


def test_a_refusal_is_explained_by_what_raises_the_risk(server: Server) -> None:
    everything = explained(server, ROWS[:400], "&top=all")
    outcomes = set()
    for answer, complete in zip(explained(server, ROWS[:400]), everything, strict=True):
        reasons = answer["reasons"]
        outcomes.add(answer["score"])
        assert 1 <= len(reasons) <= 4
        assert "base_value" not in answer
        sizes = [abs(reason["contribution"]) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)
        if answer["score"] == 0:
            raising = [r for r in complete["reasons"] if r["contribution"] > 0]
            assert all(reason["direction"] == "raises_risk" for reason in reasons)
            assert reasons == raising[:4]
    assert outcomes == {0, 1}


def test_reasons_do_not_change_the_decision(server: Server) -> None:
    plain = server.http.post("/predict", json=ROWS[:50]).json()
    for answer, expected in zip(explained(server, ROWS[:50]), plain, strict=True):
        assert {key: answer[key] for key in expected} == expected
    assert explained(server, ROWS[0]) == explained(server, ROWS[:1])[0]


@pytest.mark.parametrize(
    ("language", "key"), [(None, "en"), ("fr", "fr"), ("fr-CH, en;q=0.9", "fr"), ("de", "en")]
)
def test_labels_are_in_the_language_asked_for(
    server: Server, language: str | None, key: str
) -> None:
    reasons = explained(server, EXAMPLE, "&top=all", language)["reasons"]
    labels = {reason["feature"]: reason["label"] for reason in reasons}
    assert labels["amount_00"] == LABELS["amount_00"][key]
    assert labels["amount_13"] == "amount_13"


@pytest.mark.parametrize(
    ("header", "language"),
    [(b"en;q=0.2, fr;q=0.8", "fr"), (b"fr;q=x, en", "en"), (b"*", "en"), (b"\xff;;q=", "en")],
)
def test_language_follows_the_header(header: bytes, language: str) -> None:
    assert choose_language(header) == language


@pytest.mark.parametrize(
    "query",
    [
        *("explain=1", "explain=", "explian=true", "explain=true&explain=true"),
        *("explain=true&top=0", "explain=true&top=-1", "explain=true&top=many", "top=4&unknown=1"),
    ],
)
def test_a_wrong_parameter_is_refused(server: Server, query: str) -> None:
    answer = server.http.post(f"/predict?{query}", json=EXAMPLE)
    assert answer.status_code == 400
