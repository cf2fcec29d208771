"""The ledger: every move of a version, in order, in a run of its own that only grows.

The registry sets a stage and an alias by two calls and compares neither with what was there. The
parameters of an MLflow run are written once: of two processes that write one name, one wins. So a
move is first claimed under the next number, then carried out, then marked as done; a move that was
claimed but not done is carried out by the next command.
"""

import datetime
import getpass
import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from train.errors import InputError

EXPERIMENT = "credit-scoring promotions"
LEDGER_TAG = "ledger_run_id"
MAX_REASON = 500
_MOVE, _DONE = "move_", "done_"


class Overtaken(InputError):
    """Another command has moved a version in the meantime."""


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def account() -> str:
    """Return who gives the command: the account, or who started the workflow."""
    try:
        return os.environ.get("GITHUB_ACTOR") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # an account without a name, as in many containers


@dataclass(frozen=True, slots=True)
class Move:
    """One version's move to a stage.

    Attributes
    ----------
    version : int
    stage : {"Production", "Staging", "Archived"}
    kind : {"first", "earned", "override", "rollback", "move", "outside"}
        `outside` was found in the registry: nobody used this project's commands for it.
    reason : str
    evidence : mapping
        Champion, figures and failed rules of the gate; empty where no gate was asked.
    run_id : str
        The run that holds the whole table; empty where there is none.
    at : str
        ISO 8601, UTC.
    by : str
        Account that gave the command.
    id : str
        Tells this move from any other.
    """

    version: int
    stage: str
    kind: str
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = ""
    at: str = field(default_factory=_now)
    by: str = field(default_factory=account)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def to_json(self) -> str:
        """Return the move as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger held when it was read.

    Attributes
    ----------
    run_id : str
        The run that it lives in.
    moves : tuple of Move
        In order.
    done : int
        How many of them are marked as carried out.
    """

    run_id: str
    moves: tuple[Move, ...]
    done: int

    @property
    def unfinished(self) -> Move | None:
        """The last move, if nobody has marked it as done."""
        return self.moves[-1] if len(self.moves) > self.done else None

    def champions(self) -> tuple[int, ...]:
        """Return the versions that were promoted and not rolled back, the champion last."""
        line: list[int] = []
        for move in self.moves:
            if move.stage != "Production":
                continue
            if move.kind == "rollback" and move.version in line:
                while line[-1] != move.version:
                    line.pop()
            else:
                line.append(move.version)
        return tuple(line)


def new_ledger() -> str:
    """Make the run that a new ledger lives in and return its id."""
    client = MlflowClient()
    try:
        experiment_id = client.create_experiment(EXPERIMENT)
    except MlflowException:
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            raise
        experiment_id = found.experiment_id
    run = client.create_run(experiment_id, run_name="ledger")
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def read_ledger(run_id: str) -> Ledger:
    """Read all moves, in order."""
    data = MlflowClient().get_run(run_id).data
    numbers = sorted(name for name in data.params if name.startswith(_MOVE))
    moves = tuple(Move(**json.loads(data.params[name])) for name in numbers)
    done = max(
        (int(name.removeprefix(_DONE)) for name in data.tags if name.startswith(_DONE)), default=0
    )
    return Ledger(run_id, moves, done)


def claim(ledger: Ledger, move: Move) -> Ledger:
    """Write a move under the next number.

    Raises
    ------
    Overtaken
        Another command has written that number since `ledger` was read.
    """
    number = len(ledger.moves) + 1
    client = MlflowClient()
    try:
        client.log_param(ledger.run_id, f"{_MOVE}{number:06d}", move.to_json())
    except MlflowException as error:
        rival = _find_rival(ledger)
        if rival is None:
            raise
        raise Overtaken(_describe(rival)) from error
    return Ledger(ledger.run_id, (*ledger.moves, move), ledger.done)


def _find_rival(ledger: Ledger) -> Move | None:
    now = read_ledger(ledger.run_id)
    return now.moves[len(ledger.moves)] if len(now.moves) > len(ledger.moves) else None


def _describe(rival: Move) -> str:
    return (
        f"{rival.by} moved version {rival.version} to {rival.stage} in the meantime: "
        "look at the history and give the command again"
    )


def mark_done(ledger: Ledger) -> None:
    """Note that every move of this ledger has been carried out."""
    insist(MlflowClient().set_tag, ledger.run_id, f"{_DONE}{len(ledger.moves):06d}", _now())


def insist(write: Callable[..., Any], *arguments: str) -> None:
    """Call a write that may be repeated, and once more if it fails.

    MLflow looks whether a row is there and inserts it if not: of several commands that do so at the
    same time one is first, and the others find its row when they look again.
    """
    try:
        write(*arguments)
    except MlflowException:
        write(*arguments)
