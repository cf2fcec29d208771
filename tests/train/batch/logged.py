"""A version with dates and references, and readers of the decisions that it logged."""

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import orjson
import pandas as pd

from scoring_model.contract import AnswerFields, Feature, FeatureContract
from scoring_model.decision_log import NO_SEAL, FolderReader, LogSettings, MerkleTree, hash_leaf
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.trees import TreeModel
from scoring_model.version import Scorer, VersionContent, make_model, read_artifacts, save_scorer
from tests.made import make_loans
from train.batch import BatchLog, BatchModel

CONTRACT = FeatureContract(
    (
        Feature("income", "number", nullable=False),
        Feature("debt_ratio", "number", nullable=True),
        Feature("region", "category", nullable=False, levels=("east", "north", "south")),
        Feature("purpose", "category", True, levels=("car", "home"), rare_levels=("shop",)),
        Feature("has_home", "category", nullable=True, levels=("false", "true")),
        Feature("employed_since", "date", nullable=True),
    ),
    decision_date="decided_on",
    answer=AnswerFields((), "application"),
)


class Logged(NamedTuple):
    """A decision of a log.

    Attributes
    ----------
    record, personal : dict
    """

    record: dict[str, Any]
    personal: dict[str, Any]


def make_applicants(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return loans with dates; every seventh has no day of decision."""
    loans = make_loans(rows, seed)
    days = pd.to_timedelta(np.arange(rows) % 5000, "D")
    loans["employed_since"] = pd.Timestamp("2001-01-01") + days
    loans.loc[loans.index % 7 == 3, "decided_on"] = pd.NaT
    return loans


def write_version(folder: Path) -> None:
    """Train and save a version."""
    loans = make_applicants(800, seed=1)
    matrix = CONTRACT.encode_frame(loans).matrix
    data = lightgbm.Dataset(matrix, loans["defaulted"], categorical_feature=[2, 3, 4])
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, data, num_boost_round=20)
    policy = DecisionPolicy(CalibrationMap("sigmoid"), 0.2, 10.0, 1.0)
    scorer = Scorer(CONTRACT, TreeModel(booster.model_to_string()), policy)
    folder.mkdir()
    save_scorer(scorer, folder, {"income": 1.0, "region": "north"})


def load_version(folder: Path, key: str | None = "loan_id") -> BatchModel:
    """Return a version for batch scoring, as the command `score` does."""
    loaded = make_model(VersionContent("7", read_artifacts(folder), {}, "credit-scoring"))
    return BatchModel(loaded.scorer, loaded.name, key, "digest")


def open_batch_log(folder: Path, key: str = "") -> BatchLog:
    """Return a log in a folder."""
    return BatchLog(LogSettings(str(folder), key=key))


def read_log(folder: Path) -> list[Logged]:
    """Return all decisions, after a check that every segment is sealed and as it was written."""
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    return list(_read_sealed(FolderReader(folder)))


def _read_sealed(reader: FolderReader) -> Iterator[Logged]:
    for segment in reader.segments():
        tree = MerkleTree()
        for record, personal in reader.pairs(segment):
            assert record is not None
            assert personal is not None
            tree.add(hash_leaf(record))
            yield Logged(orjson.loads(record), orjson.loads(personal.values))
        assert segment.seal is not None
        seal = orjson.loads(segment.seal)
        assert (seal["writer"], seal["previous"]) == (segment.writer, NO_SEAL)
        assert (seal["records"], seal["root"]) == (tree.size, tree.root().hex())


def replay(scorer: Scorer, decisions: list[Logged]) -> None:
    """Score logged applicants again; probability, threshold and score are equal to the last bit."""
    name = scorer.contract.decision_date
    own: list[Mapping[str, Any]] = [each.personal["applicant"] for each in decisions]
    if name:
        own = [
            {**applicant, name: each.record["decided_on"]}
            for applicant, each in zip(own, decisions, strict=True)
        ]
    columns = scorer.score_encoded(scorer.contract.encode_records(own)).columns()
    for field, column in columns.items():
        assert column.tolist() == [each.record[field] for each in decisions], field


def day_text(moment: Any) -> str:
    """Return the day of a decision, which is today if a row has none."""
    if pd.isna(moment):
        return datetime.datetime.now(datetime.UTC).date().isoformat()
    return str(moment.date())
