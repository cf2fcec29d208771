"""The tables hold every figure of the evidence with its bounds."""

import pytest

from train.report import FinishedRun, evidence_tables


def test_every_kind_of_evidence_has_its_table(finished: FinishedRun) -> None:
    evidence, leaks = finished.model.evidence, finished.model.leaks
    tables = evidence_tables(evidence, leaks)
    assert list(tables) == ["quarters", "segments", "importance", "fairness", "proxies", "leaks"]
    quarters = tables["quarters"].set_index("quarter")
    first = evidence.quarters[0]
    assert quarters.loc[first.name, "rows"] == first.rows
    assert quarters.loc[first.name, "default_rate"] == first.calibration.default_rate.value
    assert quarters.loc[first.name, "mean_probability"] == first.calibration.mean_probability
    assert quarters.loc[first.name, "cost_low"] == first.cost.low
    assert quarters["rows"].sum() == len(finished.data.test.y)
    fairness = tables["fairness"]
    assert set(fairness["columns"]) == {"sex"}
    assert fairness["rows"].sum() == len(finished.data.test.y)
    assert {"acceptance_ratio", "acceptance_ratio_low", "is_judged"} <= set(fairness.columns)
    importance = tables["importance"].set_index("feature")["rise"]
    assert importance.iloc[0] == evidence.importance[0].rise.value
    assert list(tables["leaks"]["feature"]) == [check.feature for check in leaks]
    assert {"auc", "missing_repaid", "digits_modulus"} <= set(tables["leaks"].columns)
    together = tables["proxies"].query("feature == '(all features)'")["roc_auc"]
    assert together.iloc[0] == pytest.approx(evidence.proxies[0].together)
