"""A recalibrated version finds the true map, passes the gate, and is promoted and rolled back."""

import datetime
import json
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from monitoring.recalibration import find_recalibration
from monitoring.recalibration.new_version import make_version
from scoring_model.policy import CalibrationMap
from scoring_model.version import fetch_content, load_model, make_scorer
from tests.monitoring.recalibration.conftest import COSTS, INTERCEPT, ROWS, SLOPE, Planted
from tests.monitoring.recalibration.planted import LATE, champion, plant, recalibrate
from tests.stores import own_store
from tests.train.versions import DEFAULT
from train.__main__ import main
from train.errors import InputError
from train.portfolio.sections import GateLimits
from train.promotion.gate import judge_recalibrated

pytestmark = pytest.mark.slow


def promote(version: int, *more: str) -> int:
    return main(["promote", "--version", str(version), "--stage", "Production", *more])


def figures_of(planted: Planted) -> dict[str, float]:
    return dict(mlflow.get_run(planted.run_id).data.metrics)


@pytest.mark.usefixtures("store")
def test_the_fit_finds_the_true_map(planted: Planted) -> None:
    line = next(line for line in planted.said if line.startswith("new map"))
    words = line.replace("(", " ").replace(")", " ").replace(",", " ").split()
    numbers = [float(word) for word in words if word.replace(".", "").lstrip("-").isdigit()]
    slope, slope_low, slope_high, intercept, low, high = numbers
    for found, true, width in (
        (slope, SLOPE, slope_high - slope_low),
        (intercept, INTERCEPT, high - low),
    ):
        error = width / 2 / 1.96
        assert abs(found - true) < 3 * error
        assert error < 0.15
    scorer = load_model(f"models:/{DEFAULT.name}/{planted.version}").scorer
    assert scorer.policy.calibration.method == "sigmoid"
    assert scorer.policy.calibration.slope == figures_of(planted)["slope"]
    assert scorer.policy.threshold == 1 / 11


@pytest.mark.usefixtures("store")
def test_the_gate_passes_it_and_says_what_it_rests_on(planted: Planted) -> None:
    figures = figures_of(planted)
    assert figures["gate/challenger_cost"] < figures["gate/champion_cost"]
    assert figures["gate/upper_bound"] < 0
    text = mlflow.artifacts.load_text(f"runs:/{planted.run_id}/gate.txt")
    assert f"on {int(figures['judged_decisions'])} matured decisions" in text
    assert "Only the outcomes of accepted applicants were known." in text
    assert "AUC" not in text
    document = json.loads(mlflow.artifacts.load_text(f"runs:/{planted.run_id}/gate.json"))
    assert document["earned"]
    assert document["judged_on"] == "matured decisions"
    version = MlflowClient().get_model_version(DEFAULT.name, str(planted.version))
    assert version.current_stage == "Staging"
    assert version.tags["recalibrated_from"] == "1"
    assert "Only the outcomes of accepted applicants" in version.description
    assert planted.said[-1].endswith(f"-P version={planted.version} -P stage=Production")


@pytest.mark.usefixtures("store")
def test_the_parts_are_a_third_and_no_day_is_split(planted: Planted) -> None:
    figures = figures_of(planted)
    rows = figures["fitted_decisions"] + figures["judged_decisions"]
    assert 1 / 3 <= figures["judged_decisions"] / rows < 0.34
    fitted, judged = planted.said[:2]
    assert fitted.split(" to ")[-1].split(",")[0] < judged.split(" from ")[1].split(" to ")[0]


@pytest.mark.usefixtures("store")
def test_trees_contract_and_profile_of_features_stay(planted: Planted) -> None:
    old, new = (
        fetch_content(f"models:/{DEFAULT.name}/{number}").files for number in (1, planted.version)
    )
    assert new["booster.txt"] == old["booster.txt"]
    assert new["contract.json"] == old["contract.json"]
    before, after = (json.loads(files["profile.json"]) for files in (old, new))
    for name in ("rows", "numbers", "categories", "known_defaults"):
        assert after[name] == before[name]
    decided = ROWS * 2 / 3
    assert after["expected"]["rows"] == pytest.approx(decided, rel=0.05)
    assert after["probability"]["shares"]
    assert make_scorer(new).policy.calibration != make_scorer(old).policy.calibration


@pytest.mark.usefixtures("store")
def test_it_is_promoted_answers_by_the_new_map_and_is_rolled_back(
    planted: Planted, capsys: pytest.CaptureFixture[str]
) -> None:
    old = champion()
    assert promote(planted.version) == 0
    new = champion()
    assert new.version == str(planted.version)
    margin = old.scorer.predict_margins(new.scorer.contract.encode_records([new.example]).matrix)
    calibration = CalibrationMap(
        "sigmoid", figures_of(planted)["slope"], figures_of(planted)["intercept"]
    )
    answer = new.scorer.score_record(new.example)
    assert answer.probability == calibration.apply_one(float(margin[0]))
    assert answer.probability != old.scorer.score_record(new.example).probability
    capsys.readouterr()
    assert main(["history", "--format", "table"]) == 0
    assert "matured decisions" in capsys.readouterr().out
    assert main(["rollback", "--reason", "as a test"]) == 0
    assert champion().version == "1"
    # it was judged against the same champion
    assert promote(planted.version) == 0


@pytest.mark.usefixtures("store")
def test_a_champion_that_changed_in_between_needs_another_recalibration(
    planted: Planted, capsys: pytest.CaptureFixture[str]
) -> None:
    assert promote(planted.version, "--override", "first") == 0
    with mlflow.start_run():
        said: list[str] = []
        log = plant(planted.data, champion(), slope=SLOPE, intercept=INTERCEPT)
        second = recalibrate(log, said)
    assert main(["rollback", "--reason", "as a test"]) == 0
    capsys.readouterr()
    assert promote(second) == 1
    assert capsys.readouterr().err == (
        f"error: version {second} was judged against version {planted.version}, which is no longer "
        "the champion (it is version 1): run recalibrate again\n"
    )


@pytest.mark.usefixtures("store")
def test_changed_rows_are_refused(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    client = MlflowClient()
    client.set_model_version_tag(DEFAULT.name, str(planted.version), "judged_rows_sha256", "0" * 64)
    assert promote(planted.version) == 1
    assert "judged_rows.npz of its run was changed" in capsys.readouterr().err


@pytest.mark.usefixtures("store")
def test_the_rows_hold_no_value_and_no_id(planted: Planted, tmp_path: Path) -> None:
    path = mlflow.artifacts.download_artifacts(
        f"runs:/{planted.run_id}/judged_rows.npz", dst_path=str(tmp_path)
    )
    with np.load(path) as arrays:
        assert set(arrays) == {
            "version",
            "y",
            *(
                f"{side}_{name}"
                for side in ("champion", "challenger")
                for name in ("probability", "refused", "cost", "acceptance")
            ),
        }


@pytest.mark.usefixtures("store")
def test_an_honest_champion_stays(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    with mlflow.start_run():
        # as `mlflow run` does where the portfolio is not given
        mlflow.log_param("portfolio", "")
        version = recalibrate(plant(planted.data, champion(), seed=5), said)
    assert "it does not pass the gate: difference in cost per applicant" in said[-2]
    assert said[-1].endswith('-P override="<why>"')
    assert promote(version) == 2
    assert champion().version == "1"
    assert "is not promoted" in capsys.readouterr().err


@pytest.mark.usefixtures("store")
def test_decisions_of_another_version_with_the_same_trees_count(planted: Planted) -> None:
    other = load_model(f"models:/{DEFAULT.name}/{planted.version}")
    log = plant(planted.data, champion(), other, slope=SLOPE, intercept=INTERCEPT, rows=6000)
    made = make_version(find_recalibration(DEFAULT.name, "", datetime.date(2007, 1, 1)), log)
    accepted = sum(len(table) for table in log.outcomes.values())
    assert len(made.fitted.y) + len(made.judged.y) == accepted


@pytest.mark.usefixtures("store")
def test_defaults_that_come_late_hide_neither_the_map_nor_the_saving(planted: Planted) -> None:
    made = make_version(
        find_recalibration(DEFAULT.name, "", datetime.date(2007, 1, 1)),
        plant(planted.data, champion(), rows=ROWS, slope=SLOPE, intercept=INTERCEPT, known=LATE),
    )
    for found, true in ((made.fit.slope, SLOPE), (made.fit.intercept, INTERCEPT)):
        assert abs(found.value - true) < 3 / 1.96 * (found.high - found.value)
    result = judge_recalibrated(made.rows, GateLimits())
    assert float(made.judged.share.mean()) < 0.6
    assert result.rules[0].passed


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (400, "the earlier two thirds of the matured decisions must have at least 20 defaults"),
        (0, "no matured decision has an outcome: on 2007-01-01, no accepted decision with one is"),
    ],
)
def test_too_few_outcomes(planted: Planted, rows: int, message: str) -> None:
    log = plant(planted.data, champion(), rows=rows)
    with pytest.raises(InputError, match=message) as caught:
        recalibrate(log, [])
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("store")
def test_a_model_that_ranks_the_wrong_way_round_is_not_recalibrated(planted: Planted) -> None:
    log = plant(planted.data, champion(), slope=-0.5, intercept=-4.0)
    with pytest.raises(InputError, match="slope of the new map must be more than 0, got -0"):
        recalibrate(log, [])


def test_a_version_with_costs_of_each_loan(planted_costs: Planted) -> None:
    with own_store(planted_costs.folder, "recalibration"):
        new = load_model(f"models:/{DEFAULT.name}/{planted_costs.version}").scorer
        assert new.policy.loan_costs is not None
        assert new.policy.loan_costs.factor == 1.0
        assert new.policy.loan_costs.false_negative == COSTS.false_negative
        assert new.policy.threshold == pytest.approx(1 / 11)
        assert any(line.startswith("median threshold 0.0909") for line in planted_costs.said)
        figures = figures_of(planted_costs)
        assert figures["gate/challenger_cost"] < figures["gate/champion_cost"]
        # in currency: the mean amount is 25,000
        assert figures["gate/champion_cost"] > 100
        assert promote(planted_costs.version) == 0
        assert champion().version == str(planted_costs.version)
