"""A registry of real versions, and logs of their real decisions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import orjson

from monitoring.__main__ import main
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues
from scoring_model.version import LoadedModel, Scorer, load_model
from tests import one_value
from tests.made import as_json, make_loans
from tests.train.versions import make_scorer, register_scorer, write_gated_portfolio
from train import tracking
from train.data import load_data
from train.portfolio import load_portfolio
from train.promotion import DEFAULT_MODEL, Registry

REGISTRY = Registry(DEFAULT_MODEL)
EVERY_FIELD = Registry("every-field")
Applicant = dict[str, Any]


def fill_registry(folder: Path) -> None:
    """Register two versions of made loans, and one with dates, formulas and all types of fields."""
    portfolio = write_gated_portfolio(folder)
    data = load_data(load_portfolio(portfolio))
    for trees in (20, 40):
        register_scorer(portfolio, make_scorer(data, trees))
    example = one_value.without_key(one_value.make_applicant(np.random.default_rng(1)))
    register(EVERY_FIELD, one_value.make_scorer(), example)


def register(registry: Registry, scorer: Scorer, example: Applicant) -> None:
    """Register a scorer."""
    with mlflow.start_run():
        uri = tracking.log_scorer(scorer, example)
    registry.register(uri, {})


def load(registry: Registry, version: int) -> LoadedModel:
    """Load a version as a server does."""
    return load_model(f"models:/{registry.name}/{version}")


def make_applicants(rows: int, seed: int = 0) -> list[Applicant]:
    """Return applicants of made loans."""
    loans = make_loans(rows, seed=seed)
    names = ["income", "debt_ratio", "amount", "region", "purpose", "has_home"]
    applicants = [
        {str(name): as_json(value) for name, value in row.items()}
        for row in loans[names].to_dict("records")
    ]
    applicants[0]["purpose"] = "never seen"
    return applicants


def log_decisions(
    writer: LogWriter,
    model: LoadedModel,
    applicants: Sequence[Applicant],
    decided_on: str | None = None,
) -> list[str]:
    """Decide one applicant after the other, as a server does; return the ids.

    With `decided_on` they are decided on that day, and the applicants as logged do not name it.
    """
    origin, ids = Origin(model.name, "/predict", None), []
    day = {model.scorer.contract.decision_date: decided_on} if decided_on else {}
    for applicant in applicants:
        body = json.dumps(applicant | day).encode()
        decision = model.scorer.score_record(orjson.loads(body), body)
        values = PersonalValues(None).write(json.dumps(applicant).encode(), "A-1", decision.notices)
        ids.append(
            writer.add(
                origin, NewDecision(**decision.answer(), values=values, decided_on=decided_on)
            )
        )
    writer.commit()
    return ids


def replay(place: Path | str, *more: str) -> int:
    """Replay a log and return the exit status."""
    return main(["replay", "--decisions", str(place), *more])


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files of the first segment of the only writer of a log.

    Attributes
    ----------
    place : Path
    """

    place: Path

    def change(self, kind: str, number: int, without: Sequence[str] = (), **fields: Any) -> None:
        """Change or remove fields of a line; `kind` is records or personal."""
        lines = self._path(kind).read_bytes().splitlines()
        document = orjson.loads(lines[number]) | fields
        lines[number] = orjson.dumps({k: v for k, v in document.items() if k not in without})
        self._path(kind).write_bytes(b"\n".join(lines) + b"\n")

    def read(self, number: int) -> dict[str, Any]:
        """Return a record."""
        document: dict[str, Any] = orjson.loads(
            self._path("records").read_bytes().splitlines()[number]
        )
        return document

    def erase(self, number: int) -> None:
        """Erase an applicant."""
        self.change("personal", number, ("salt", "values"), erased="2026-11-25")

    def break_line(self, kind: str, number: int) -> None:
        """Damage a line."""
        lines = self._path(kind).read_bytes().splitlines()
        lines[number] = lines[number].replace(b'"', b"'", 1)
        self._path(kind).write_bytes(b"\n".join(lines) + b"\n")

    def _path(self, kind: str) -> Path:
        (path,) = self.place.glob(f"*/000000.{kind}.jsonl")
        return path
