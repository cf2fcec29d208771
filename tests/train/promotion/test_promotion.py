"""Promotion, override, rollback and moves of versions; a wrong command changes nothing."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.policy import LoanCostRule
from tests.made import make_loans
from tests.train.planted_registry import (
    CHAMPION,
    CHEAPER,
    LIKE_CHAMPION,
    NAME,
    NARROWER,
    REGISTRY,
    SAME,
    in_production,
    planted,
    state,
    store,
)
from tests.train.versions import register_scorer
from train.__main__ import main
from train.promotion import tenures
from train.promotion.ledger import read_ledger

__all__ = ["planted", "store"]  # fixtures


def promote(version: int | str, *more: str, stage: str = "Production") -> int:
    return main(["promote", "--version", str(version), "--stage", stage, *more])


def runs() -> list[Any]:
    experiment = MlflowClient().get_experiment_by_name("planted")
    return list(MlflowClient().search_runs([experiment.experiment_id]))


def last_run() -> Any:
    return runs()[0]


def version_tag(version: int) -> str:
    return str(MlflowClient().get_model_version(NAME, str(version)).tags["promotion"])


def test_an_identical_model_is_not_promoted(capsys: pytest.CaptureFixture[str]) -> None:
    before = state()
    assert promote(SAME) == 2
    assert state() == before
    printed = capsys.readouterr()
    assert "difference in cost per applicant, 99% bound" in printed.out
    assert "smallest saving that these test rows can show" in printed.out
    assert printed.err.startswith("error: version 2 is not promoted: difference in cost")
    assert "not promoted" in version_tag(SAME)
    run = last_run()
    assert (run.data.tags["exit_status"], run.info.status) == ("2", "FAILED")
    table = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/gate.json"))
    assert [rule["passed"] for rule in table["rules"]] == [False, True, True, True]
    assert table["earned"] is False


def test_a_cheaper_model_is_promoted_and_its_evidence_is_kept() -> None:
    assert promote("latest", stage="Archived") == 0
    assert promote(CHEAPER) == 0
    assert in_production() == CHEAPER
    assert state()["stages"][CHAMPION] == "Archived"
    run = last_run()
    assert run.data.tags["exit_status"] == "0"
    assert run.data.metrics["gate/upper_bound"] < 0
    tenure = tenures.list_tenures(read_ledger(REGISTRY.find_ledger()))[-1]
    assert (tenure.move.kind, tenure.move.run_id) == ("earned", run.info.run_id)
    assert tenure.move.evidence["difference"] == run.data.metrics["gate/difference"]


def test_the_description_of_the_model_has_the_figures_of_its_champion() -> None:
    REGISTRY.describe("Loans.")
    assert promote(CHEAPER) == 0
    first = MlflowClient().get_registered_model(NAME).description
    MlflowClient().update_model_version(NAME, str(SAME), "It costs 0.5.")
    MlflowClient().update_registered_model(NAME, first.replace("Loans.", "Our loans."))
    assert promote(SAME, "--override", "because") == 0
    described = MlflowClient().get_registered_model(NAME).description
    assert first.startswith(f"Loans.\n\n**Champion:** version {CHEAPER}\n")
    assert described == f"Our loans.\n\n**Champion:** version {SAME}\n\nIt costs 0.5."


def test_an_override_says_who_when_and_why() -> None:
    assert promote(SAME, "--override", "<the board> insists") == 0
    assert in_production() == SAME
    made = tenures.list_tenures(read_ledger(REGISTRY.find_ledger()))[-1].as_json()
    assert (made["kind"], made["reason"]) == ("override", "<the board> insists")
    assert made["evidence"]["failed"] == ["difference in cost per applicant, 99% bound"]
    tag = version_tag(SAME)
    assert all(said in tag for said in (made["by"], made["from"], "the board"))
    run_id = MlflowClient().get_model_version(NAME, str(SAME)).run_id
    report = mlflow.artifacts.load_text(f"runs:/{run_id}/report.html")
    assert "&lt;the board&gt; insists" in report
    assert made["from"] in report
    assert "99% bound" in report
    assert report.endswith("</body></html>")


def answers() -> str:
    """Return the answers of the version in production to some loans, with all digits."""
    model = mlflow.pyfunc.load_model(f"models:/{NAME}/Production")
    loans = make_loans(50).astype({"has_home": str, "amount": float})
    loans["has_home"] = loans["has_home"].str.lower()
    names = model.metadata.get_input_schema().input_names()
    return str(model.predict(loans[names]).to_json(double_precision=15))


def test_rollback_brings_the_old_answers_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert promote(CHEAPER, "--override", "first") == 0
    before = answers()
    assert promote(LIKE_CHAMPION, "--override", "second") == 0
    assert answers() != before
    assert main(["rollback", "--reason", "refuses nobody"]) == 0
    assert in_production() == CHEAPER
    assert answers() == before
    assert main(["rollback", "--reason", "further"]) == 0
    assert in_production() == CHAMPION
    assert main(["rollback", "--reason", "too far"]) == 1
    assert "there is no previous champion to go back to" in capsys.readouterr().err
    assert main(["history", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["version"] for row in rows] == [1, 3, 4, 3, 1]
    kinds = [row["kind"] for row in rows]
    assert kinds == ["first", "earned", "override", "rollback", "rollback"]
    assert [row["until"] for row in rows] == [*(row["from"] for row in rows[1:]), None]


def with_costs(planted: Path, policy: dict[str, Any]) -> int:
    """Register the booster of the cheaper version with other costs, and return its number."""
    scorer = REGISTRY.load_version(REGISTRY.find_version(str(CHEAPER)))
    other = replace(scorer, policy=replace(scorer.policy, **policy))
    return register_scorer(planted / "portfolio.toml", other)


def test_other_costs_are_promoted_and_rolled_back_and_the_history_says_so(
    planted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert promote(CHEAPER) == 0
    other = with_costs(planted, {"threshold": 0.5, "false_negative_cost": 1.0})
    capsys.readouterr()
    assert promote(other) == 0
    assert in_production() == other
    run = last_run()
    table = capsys.readouterr().out
    gate = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/gate.json"))
    champion, anew, challenger = (o["cost"] for o in gate["cost_change"]["outcomes"])
    assert (
        "the costs changed (accepting a defaulter : refusing a good client): champion 10 : 1, "
        "challenger 1 : 1\n"
        "each version decides by its own threshold; both are judged under the challenger's costs\n"
    ) in table
    # the model is the same, so all of the saving comes from the threshold
    assert champion > anew == challenger
    saving = f"{champion - challenger:.4f}"
    assert f"saving per applicant {saving}: {saving} by the threshold, 0.0000 by the model" in table
    assert [line.split()[-2] for line in table.splitlines() if line.startswith("champion")] == [
        f"{champion:.4f}",
        f"{anew:.4f}",
    ]
    assert run.data.metrics["gate/champion_cost_anew"] == anew

    rule = LoanCostRule("amount * 20", "amount", 1.0)
    each = with_costs(planted, {"loan_costs": rule})
    assert promote(each) == 0
    assert main(["rollback", "--reason", "back to plain costs"]) == 0
    assert "wrong decision change from amount * 20 : amount to 1 : 1\n" in capsys.readouterr().out
    assert main(["rollback", "--reason", "back to the old costs"]) == 0
    assert in_production() == CHEAPER

    moves = read_ledger(REGISTRY.find_ledger()).moves[-4:]
    assert [move.kind for move in moves] == ["earned", "earned", "rollback", "rollback"]
    assert moves[0].evidence["champion_cost_anew"] == anew
    changes = [(m.evidence["costs_before"], m.evidence["costs_after"]) for m in moves]
    assert changes == [
        ("10 : 1", "1 : 1"),
        ("1 : 1", "amount * 20 : amount"),
        ("amount * 20 : amount", "1 : 1"),
        ("1 : 1", "10 : 1"),
    ]
    assert main(["history", "--format", "table"]) == 0
    history = capsys.readouterr().out
    assert (
        f"previous champion {champion:.4f} ({anew:.4f} with a threshold chosen anew), on" in history
    )
    assert all(f"costs changed from {old} to {new}\n" in history for old, new in changes)


def test_staging_and_archive_move_stage_and_alias() -> None:
    assert promote(SAME, stage="Staging") == 0
    assert promote(CHEAPER, stage="Staging") == 0
    assert state()["aliases"] == {"champion": 1, "challenger": 3}
    assert state()["stages"][SAME] == "Archived"
    assert promote(CHEAPER, stage="Archived") == 0
    assert state()["aliases"] == {"champion": 1}
    assert promote(CHAMPION, stage="Archived") == 1
    assert in_production() == CHAMPION


def test_a_narrower_contract_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    before = state()
    assert promote(NARROWER) == 1
    assert "income is removed" in capsys.readouterr().err
    assert state() == before
    assert promote(NARROWER, "--allow_contract_change", "true") == 0
    assert "allowed change of the contract: income is removed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--version", "9", "--stage", "Production"], "has no version 9: the newest is 5"),
        (["--version", "0", "--stage", "Staging"], "has no version 0"),
        (["--version", "other/1", "--stage", "Production"], "must be a number of credit-scoring"),
        (["--version", "3", "--stage", "production"], "stage must be one of Production, Staging"),
        (["--version", "1", "--stage", "Production"], "version 1 is in Production already"),
        (["--version", "3", "--stage", "Production", "--override", "x" * 501], "at most 500"),
    ],
)
def test_a_bad_promotion_changes_nothing(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    before, recorded = state(), len(runs())
    assert main(["promote", *arguments]) == 1
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert state() == before
    # a mistyped command leaves no run
    assert len(runs()) - recorded == ("already" in line)


def test_a_deleted_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert promote(CHEAPER) == 0
    MlflowClient().delete_model_version(NAME, str(CHAMPION))
    before = state()
    assert promote(CHAMPION) == 1
    assert "has no version 1" in capsys.readouterr().err
    assert main(["rollback", "--reason", "back"]) == 1
    assert "has no version 1" in capsys.readouterr().err
    assert state() == before


def test_a_model_of_another_system(capsys: pytest.CaptureFixture[str]) -> None:
    @mlflow.pyfunc.utils.pyfunc  # type: ignore[untyped-decorator]  # MLflow ships no types
    def echo(model_input: list[str]) -> list[str]:
        return model_input

    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="model", python_model=echo, pip_requirements=[])
    mlflow.register_model(info.model_uri, NAME)
    before = state()
    assert promote("latest") == 1
    assert "version 6 cannot be loaded: the model has no artifact" in capsys.readouterr().err
    assert state() == before


def test_data_that_changed_since_training(
    planted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans = planted / "loans.parquet"
    shutil.copy(loans, tmp_path / "kept.parquet")
    before = state()
    try:
        make_loans(6000, seed=1, clear=True).to_parquet(loans)
        assert promote(CHEAPER) == 1
    finally:
        shutil.copy(tmp_path / "kept.parquet", loans)
    assert "the data are not those that version 3 was trained on" in capsys.readouterr().err
    assert state() == before


def test_nothing_in_production_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/empty.db")
    assert main(["history", "--format", "table"]) == 0
    assert capsys.readouterr().out == "no version has been in production yet\n"
    assert main(["rollback", "--reason", "back"]) == 1
    assert promote("latest") == 1
    assert not MlflowClient().search_registered_models()
