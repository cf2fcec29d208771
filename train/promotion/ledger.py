"""The ledger: a separate MLflow run that records every move of a version, in order.

The registry sets stage and alias by two calls, and does not check what was there before. But a
parameter of an MLflow run can be written only once: if two processes write the same name, one of
them fails. So a move is made in three steps. A command claims it as the parameter with the next
number, carries it out, and marks it as done. If a command is killed in between, the next command
carries out its move.
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
from train.tracking import OPERATIONS, find_experiment

LEDGER_TAG = "ledger_run_id"
MAX_REASON = 500
_MOVE, _DONE = "move_", "done_"


class Overtaken(InputError):
    """Another command moved a version at the same time."""


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def account() -> str:
    """Return the account that runs the command, or the one that started the workflow."""
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
        `outside` is a move that was made in the registry without the commands of this project.
    reason : str
        Reason that the user gave, or the result of the gate.
    evidence : mapping
        Champion, figures and failed rules of the gate; empty if the gate was not applied.
    run_id : str
        Run that holds the whole table; empty if there is none.
    at : str
        Time in ISO 8601, UTC.
    by : str
        Account that ran the command.
    id : str
        Unique identifier.
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
    """The content of the ledger when it was read.

    Attributes
    ----------
    run_id : str
        Run that holds the ledger.
    moves : tuple of Move
        All moves, oldest first.
    done : int
        Number of moves that are marked as carried out.
    """

    run_id: str
    moves: tuple[Move, ...]
    done: int

    @property
    def unfinished(self) -> Move | None:
        """The last move if it is not marked as done, else None."""
        return self.moves[-1] if len(self.moves) > self.done else None

    def champions(self) -> tuple[int, ...]:
        """Return the versions that were promoted and not rolled back; the champion is the last."""
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


def new_ledger(model: str) -> str:
    """Create the run of a new ledger for a registered model and return its id."""
    client = MlflowClient()
    run = client.create_run(find_experiment(OPERATIONS), run_name=f"ledger of {model}")
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def read_ledger(run_id: str) -> Ledger:
    """Read all moves, oldest first."""
    data = MlflowClient().get_run(run_id).data
    numbers = sorted(name for name in data.params if name.startswith(_MOVE))
    moves = tuple(Move(**json.loads(data.params[name])) for name in numbers)
    done = max(
        (int(name.removeprefix(_DONE)) for name in data.tags if name.startswith(_DONE)), default=0
    )
    return Ledger(run_id, moves, done)


def claim(ledger: Ledger, move: Move) -> Ledger:
    """Write a move to the ledger under the next number.

    Parameters
    ----------
    ledger : Ledger
        The ledger as it was last read.
    move : Move
        The move to write.

    Returns
    -------
    Ledger
        The ledger with the move.

    Raises
    ------
    Overtaken
        Another command has written this number since `ledger` was read.
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
        "check the history and run the command again"
    )


def mark_done(ledger: Ledger) -> None:
    """Mark every move of this ledger as carried out."""
    insist(MlflowClient().set_tag, ledger.run_id, f"{_DONE}{len(ledger.moves):06d}", _now())


def insist(write: Callable[..., Any], *arguments: str) -> None:
    """Call a write, and call it once more if it fails; the write must be safe to repeat.

    MLflow checks whether a row exists and inserts it if not. If several commands do this at the
    same time, only the first insert succeeds. The other commands find the row on their second try.
    """
    try:
        write(*arguments)
    except MlflowException:
        write(*arguments)
