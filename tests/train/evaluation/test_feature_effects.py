"""Contributions add up to the margin, and a curve holds what the scorer answers."""

import numpy as np

from scoring_model.contract import EncodedRows
from train.evaluation.feature_effects import CURVE_ROWS, CURVES, MOST_LEVELS, measure_effects
from train.report import FinishedRun


def test_contributions_add_up_to_the_margin(finished: FinishedRun) -> None:
    scorer, matrix = finished.model.scorer, finished.data.test.matrix
    found = finished.model.evidence.effects
    rows = matrix[found.rows]
    base = scorer.predict_contributions(rows)[:, -1]
    margin = scorer.predict_margins(rows)
    np.testing.assert_allclose(found.contributions.sum(axis=1) + base, margin, atol=1e-9)
    assert len(set(found.rows.tolist())) == len(found.rows)


def test_a_curve_holds_the_answers_of_the_scorer(finished: FinishedRun) -> None:
    scorer, matrix = finished.model.scorer, finished.data.test.matrix
    found = finished.model.evidence
    assert [c.feature for c in found.effects.curves] == [
        item.feature for item in found.importance[:CURVES]
    ]
    rows = matrix[found.effects.rows[:CURVE_ROWS]]
    for curve in found.effects.curves:
        place = scorer.contract.names.index(curve.feature)
        column = matrix[:, place]
        assert np.isnan(curve.values[-1]) == np.isnan(column).any()
        if scorer.contract.features[place].kind == "category":
            assert len(curve.values) <= MOST_LEVELS + 1
        for point, value in enumerate(curve.values):
            changed = rows.copy()
            changed[:, place] = value
            answers = scorer.score_encoded(EncodedRows(changed)).probability
            np.testing.assert_array_equal(curve.probability[:, point], answers)


def test_more_trees_leave_fewer_rows(finished: FinishedRun) -> None:
    scorer, matrix = finished.model.scorer, finished.data.test.matrix
    few = measure_effects(scorer, matrix, 2_000, ["income"], seed=0)
    assert len(few.rows) == 250
    assert len(few.curves) == 1
