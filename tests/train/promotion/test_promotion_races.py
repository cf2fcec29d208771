"""Promotions that are killed, run at the same time, or are made without the commands."""

import json
import os
import signal
import subprocess
import sys

import pytest
from mlflow.tracking import MlflowClient

from tests.conftest import ROOT
from tests.train.planted_registry import (
    CHAMPION,
    CHEAPER,
    LIKE_CHAMPION,
    NAME,
    NARROWER,
    OF_USE,
    REGISTRY,
    SAME,
    in_production,
    planted,
    state,
    store,
)
from train.__main__ import main
from train.promotion import place_new, promote, try_challenger
from train.promotion.ledger import Overtaken, read_ledger

__all__ = ["planted", "store"]  # fixtures

KILL_AT = {
    "after the claim": "transition_model_version_stage",
    "between stage and alias": "set_registered_model_alias",
    "before it is marked as done": "set_tag",
}


@pytest.mark.parametrize("call", KILL_AT.values(), ids=list(KILL_AT))
def test_a_killed_promotion_is_completed_by_the_next_command(
    call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import os, sys\n"
        "from mlflow.tracking import MlflowClient\n"
        "from train.promotion import open_registry, promote, try_challenger\n"
        f"challenge = try_challenger(open_registry('{NAME}'), '{CHEAPER}', False, print)\n"
        f"MlflowClient.{call} = lambda *_, **__: os.kill(os.getpid(), {signal.SIGKILL})\n"
        "promote(challenge, '', '')\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert result.returncode == -signal.SIGKILL
    if call == "set_registered_model_alias":
        assert REGISTRY.in_production() == (CHEAPER, CHAMPION)
    assert main(["history"]) == 0
    assert "was interrupted and is completed now" in capsys.readouterr().err
    assert in_production() == CHEAPER
    assert state()["stages"][CHAMPION] == "Archived"
    assert main(["history"]) == 0
    assert "completed" not in capsys.readouterr().err


def test_of_two_promotions_at_once_one_wins() -> None:
    first = try_challenger(REGISTRY, str(CHEAPER), False, print)
    second = try_challenger(REGISTRY, str(LIKE_CHAMPION), False, print)
    promote(first, "", "")
    after = state()
    with pytest.raises(Overtaken, match="moved version 3 to Production in the meantime"):
        promote(second, "at once", "")
    assert state() == after


def test_a_new_challenger_does_not_disturb_a_promotion() -> None:
    challenge = try_challenger(REGISTRY, str(CHEAPER), False, print)
    assert place_new(REGISTRY, NARROWER, OF_USE).stage == "Staging"
    promote(challenge, "", "")
    assert in_production() == CHEAPER
    assert state()["aliases"] == {"champion": 3, "challenger": 5}


@pytest.mark.slow
def test_trainings_that_finish_together_each_get_a_stage(store: str) -> None:
    code = (
        "import sys\n"
        "from train.promotion import open_registry, place_new\n"
        "from train.promotion.gate import GateResult\n"
        "print(flush=True)\n"
        "sys.stdin.readline()\n"
        f"place_new(open_registry('{NAME}'), int(sys.argv[1]), GateResult((), None, 0))\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(version)],
            cwd=ROOT,
            env={**os.environ, "MLFLOW_TRACKING_URI": store},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for version in (SAME, CHEAPER, LIKE_CHAMPION, NARROWER)
    ]
    for racer in racers:
        assert racer.stdout is not None
        with racer.stdout as output:
            output.readline()  # everything is imported
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.close()
    assert [racer.wait() for racer in racers] == [0, 0, 0, 0]
    ledger = read_ledger(REGISTRY.find_ledger())
    assert {move.version for move in ledger.moves} == {1, 2, 3, 4, 5}
    stages = state()["stages"]
    assert sorted(stages.values()) == [*["Archived"] * 3, "Production", "Staging"]
    assert stages[state()["aliases"]["challenger"]] == "Staging"


def test_a_champion_set_without_the_commands_is_recorded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    REGISTRY.set_stage(LIKE_CHAMPION, "Production")
    assert main(["history", "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert "put into production without `promote`" in printed.err
    assert [row["kind"] for row in json.loads(printed.out)] == ["first", "outside"]
    assert in_production() == LIKE_CHAMPION


def test_if_stage_and_alias_disagree_the_ledger_decides() -> None:
    MlflowClient().set_registered_model_alias(NAME, "champion", str(CHEAPER))
    assert main(["history"]) == 0
    assert in_production() == CHAMPION
