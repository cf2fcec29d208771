"""`Scorer`: contract, booster and policy; rows in, probabilities and decisions out."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring_model.booster import TreeModel
from scoring_model.contract import EncodedRows, FeatureContract
from scoring_model.errors import ArtifactError
from scoring_model.feature_sql import FeatureSql
from scoring_model.policy import DecisionPolicy, refuse
from scoring_model.versioned import read_versioned

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
BOOSTER_FILE = "booster.txt"
CONTRACT_FILE = "contract.json"
POLICY_FILE = "policy.json"
EXAMPLE_FILE = "example.json"
MANIFEST_FILE = "manifest.json"
FEATURES_FILE = "features.json"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the model says of each applicant.

    Attributes
    ----------
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default, in [0, 1].
    score : ndarray of int64, shape (rows,)
        1 = accepted (`probability < threshold`), 0 = refused.
    threshold : ndarray of float64, shape (rows,)
        The probability from which this applicant is refused.
    """

    probability: FloatArray
    score: NDArray[np.int64]
    threshold: FloatArray


class Decision(NamedTuple):
    """What the model says of one applicant; see `Decisions`.

    Attributes
    ----------
    probability, threshold : float
    score : int
    unseen : sequence of str
        Fields whose category training never saw: they were scored as missing.
    """

    probability: float
    score: int
    threshold: float
    unseen: Sequence[str]


@dataclass(frozen=True)
class Scorer:
    """A model and its threshold, ready to score.

    Attributes
    ----------
    contract : FeatureContract
    booster : lightgbm.Booster or TreeModel
        Takes matrices whose columns are in the order of the contract.
    policy : DecisionPolicy
    features : FeatureSql, optional
        What computes the features from histories; a finished row needs none of it.
    """

    contract: FeatureContract
    booster: Any
    policy: DecisionPolicy
    features: FeatureSql | None = None

    @cached_property
    def _predict_row(self) -> Callable[[list[float]], float]:
        if isinstance(self.booster, TreeModel):
            return self.booster.predict_row
        return lambda values: float(self.predict_margins(np.array([values]))[0])

    def predict_margins(self, matrix: FloatArray) -> FloatArray:
        """Return the raw log-odds of each encoded row, shape (rows,)."""
        if not len(matrix):
            return np.empty(0)
        margins = self.booster.predict(matrix, raw_score=True, pred_contrib=False)
        return np.asarray(margins, dtype=np.float64)

    def predict_contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each feature adds to the raw log-odds, shape (rows, features + 1).

        The last column is the base value: what the model says of nobody in particular.
        """
        if not len(matrix):
            return np.empty((0, len(self.contract.features) + 1))
        contributions = self.booster.predict(matrix, raw_score=True, pred_contrib=True)
        return np.asarray(contributions, dtype=np.float64)

    def score_record(self, record: Mapping[str, Any]) -> Decision:
        """Score one applicant to the last bit as `score_records` does; for one thread only."""
        values, unseen = self.contract.encode_values(record)
        probability = self.policy.calibration.apply_one(self._predict_row(values))
        threshold = self.policy.threshold_of_one(values, self.contract.names)
        return Decision(probability, 0 if refuse(probability, threshold) else 1, threshold, unseen)

    def score_records(self, records: Sequence[Mapping[str, Any]]) -> Decisions:
        """Score applicants given as parsed JSON objects; raises `InvalidRequest`."""
        return self.score_encoded(self.contract.encode_records(records))

    def score_frame(self, frame: "pd.DataFrame") -> Decisions:
        """Score applicants given as a DataFrame; raises `InvalidRequest`."""
        return self.score_encoded(self.contract.encode_frame(frame))

    def score_encoded(self, rows: EncodedRows) -> Decisions:
        """Score applicants that the contract has encoded, in order."""
        return self.decide(self.predict_margins(rows.matrix), rows.matrix)

    def decide(self, margin: FloatArray, matrix: FloatArray) -> Decisions:
        """Return probability, score and threshold of encoded applicants and their margins."""
        probability = self.policy.calibration.apply(margin)
        threshold = self.policy.thresholds(matrix, self.contract.names)
        refused = refuse(probability, threshold)
        return Decisions(probability, np.where(refused, 0, 1).astype(np.int64), threshold)

    def save(self, directory: Path, example: Mapping[str, Any]) -> None:
        """Write the artifacts: data only, with the SHA-256 of each in the manifest.

        Parameters
        ----------
        directory : Path
            Must exist; files in it are overwritten.
        example : mapping
            One valid applicant; stored with the answer this scorer gives.
        """
        answer = answer_of(self.score_record(example))
        texts = {
            BOOSTER_FILE: self.booster.model_to_string(),
            CONTRACT_FILE: self.contract.to_json(),
            POLICY_FILE: self.policy.to_json(),
            EXAMPLE_FILE: json.dumps({"applicant": dict(example), "answer": answer}, indent=1),
        }
        if self.features is not None:
            texts[FEATURES_FILE] = self.features.to_json()
        digests = {}
        for name, text in texts.items():
            data = text.encode()
            (directory / name).write_bytes(data)
            digests[name] = hashlib.sha256(data).hexdigest()
        manifest = {"format_version": FORMAT_VERSION, "sha256": digests}
        (directory / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1))


def load_scorer(directory: Path) -> Scorer:
    """Read the artifacts that `Scorer.save` wrote and check their digests.

    Raises
    ------
    ArtifactError
        A file is missing or altered, or a `format_version` is not one this code can read.
    """
    manifest = read_versioned(_read(directory, MANIFEST_FILE), MANIFEST_FILE, FORMAT_VERSION)
    texts = {}
    for name, digest in manifest["sha256"].items():
        data = _read(directory, name)
        if hashlib.sha256(data).hexdigest() != digest:
            raise ArtifactError(f"{name} is not the file that was logged: its SHA-256 differs")
        texts[name] = data.decode()
    return Scorer(
        contract=FeatureContract.from_json(texts[CONTRACT_FILE]),
        booster=TreeModel(texts[BOOSTER_FILE]),
        policy=DecisionPolicy.from_json(texts[POLICY_FILE]),
        features=FeatureSql.from_json(texts[FEATURES_FILE]) if FEATURES_FILE in texts else None,
    )


def load_example(directory: Path) -> dict[str, Any]:
    """Return the applicant that was logged with the model."""
    return dict(json.loads(_read(directory, EXAMPLE_FILE))["applicant"])


def check_example(directory: Path, scorer: Scorer) -> None:
    """Score the logged example and compare with the logged answer, to the last bit.

    Raises
    ------
    ArtifactError
        The answers differ: this installation does not compute what was logged.
    """
    answer = json.loads(_read(directory, EXAMPLE_FILE))["answer"]
    if answer_of(scorer.score_record(load_example(directory))) != answer:
        raise ArtifactError(f"the applicant of {EXAMPLE_FILE} is not scored to the logged answer")


def answer_of(decision: Decision) -> dict[str, Any]:
    """Return a decision as the three fields that every answer has."""
    return {
        "probability": decision.probability,
        "score": decision.score,
        "threshold": decision.threshold,
    }


def _read(directory: Path, name: str) -> bytes:
    try:
        return (directory / name).read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{name} is missing from the model's artifacts") from error
