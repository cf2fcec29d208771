"""`Scorer`: contract, booster and policy, which turn applicants into decisions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring_model.contract import EncodedRows, FeatureContract
from scoring_model.features import FeatureSql
from scoring_model.policy import Decision, DecisionPolicy, Decisions, refuse
from scoring_model.profile import Profile
from scoring_model.trees import TreeModel
from scoring_model.types import FloatArray

if TYPE_CHECKING:
    import pandas as pd


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
        SQL that computes the features from histories. Finished rows do not need it.
    profile : Profile, optional
        What the version keeps of its training rows; None for a version that has no profile.
    version : str
        Number in the registry, as in `VersionContent`; empty for what was not loaded by the server.
    """

    contract: FeatureContract
    booster: Any
    policy: DecisionPolicy
    features: FeatureSql | None = None
    profile: Profile | None = None
    version: str = ""

    @property
    def lacks(self) -> str:
        """What an older version lacks, as words that follow its name; empty if nothing."""
        if self.profile is None:
            return ", which has no profile: no number is called unusual"
        absent = " and ".join(self.profile.absent)
        return f", whose profile has no {absent}" if absent else ""

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

        The last column is the base value: the log-odds that the model expects on average.
        """
        if not len(matrix):
            return np.empty((0, len(self.contract.features) + 1))
        contributions = self.booster.predict(matrix, raw_score=True, pred_contrib=True)
        return np.asarray(contributions, dtype=np.float64)

    def score_record(self, record: Mapping[str, Any], body: bytes = b"") -> Decision:
        """Score one applicant, equal to `score_frame` to the last bit; for one thread only."""
        values, notices = self.contract.encode_values(record, body)
        probability = self.policy.calibration.apply_one(self._predict_row(values))
        threshold = self.policy.threshold_of_one(values, self.contract.names)
        return Decision(probability, 0 if refuse(probability, threshold) else 1, threshold, notices)

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
