"""A rollback checks the contract as a promotion does: no caller loses an answer unawares."""

import time
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests.made import as_json, make_loans
from tests.scoring_model.processes import start_server, wait_until
from tests.train.planted_registry import (
    CHAMPION,
    CHEAPER,
    NAME,
    NARROWER,
    REGISTRY,
    in_production,
    planted,
    state,
    store,
)
from train.__main__ import main
from train.promotion.ledger import read_ledger

__all__ = ["planted", "store"]  # fixtures

ALLOW = ["--allow_contract_change", "true"]
BACK = ["rollback", "--reason", "a test"]


def promote(*versions: int) -> None:
    """Promote versions one after the other, whatever the gate says."""
    for version in versions:
        arguments = ["--version", str(version), "--stage", "Production", "--override", "a test"]
        assert main(["promote", *arguments, *ALLOW]) == 0


@pytest.mark.parametrize(
    ("versions", "before", "change"),
    [
        # `NARROWER` does not know income; all others require it
        ((CHEAPER,), CHAMPION, ""),
        ((NARROWER,), CHAMPION, "income is new and required"),
        ((NARROWER, CHEAPER), NARROWER, "income is removed"),
    ],
)
def test_a_breaking_change_needs_the_switch(
    versions: tuple[int, ...], before: int, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    promote(*versions)
    capsys.readouterr()
    if change:
        as_it_was = state()
        assert main(BACK) == 1
        assert capsys.readouterr().err == (
            f"error: version {before} breaks callers of the champion: {change}; "
            "to allow it, add -P allow_contract_change=true\n"
        )
        assert state() == as_it_was
    assert main([*BACK, *(ALLOW if change else ())]) == 0
    assert in_production() == before
    assert (f"allowed change of the contract: {change}" in capsys.readouterr().out) == bool(change)
    move = read_ledger(REGISTRY.find_ledger()).moves[-1]
    assert move.evidence == {"champion": versions[-1], "contract_changes": int(bool(change))}


def test_a_champion_that_cannot_be_loaded_is_no_obstacle(
    capsys: pytest.CaptureFixture[str],
) -> None:
    promote(CHEAPER)
    MlflowClient().delete_model_version(NAME, str(CHEAPER))
    assert main(BACK) == 0
    assert f"the contracts are not compared: {NAME} has no version 3" in capsys.readouterr().out
    assert in_production() == CHAMPION


@pytest.mark.slow
def test_callers_of_a_server_keep_their_answers(store: str, tmp_path: Path) -> None:
    """Ask a server with what its champion requires, before and after each rollback."""
    promote(NARROWER, CHEAPER)
    names = REGISTRY.load_version(REGISTRY.find_version(str(CHEAPER))).contract.names
    applicant = {name: as_json(make_loans(1)[name].iloc[0]) for name in names}
    variables = {"MLFLOW_TRACKING_URI": store, "MODEL_REFRESH_SECONDS": "1"}

    with start_server(f"models:/{NAME}@champion", tmp_path, variables) as server:

        def status() -> int:
            return server.http.post("/predict", json=applicant).status_code

        assert status() == 200
        assert main(BACK) == 1
        # longer than the server needs to see a new champion
        time.sleep(3)
        assert status() == 200
        assert main([*BACK, *ALLOW]) == 0
        # what the switch allows: the version that is back does not know income
        assert wait_until(lambda: status() == 400)
