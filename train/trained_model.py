"""`TrainedModel`: what a finished training has to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scoring_model.types import FloatArray
from scoring_model.version import Scorer
from train.data import PortfolioData
from train.decision import ThresholdProof
from train.evaluation import Evaluation, Evidence, LeakCheck, RealisedCosts
from train.fitting import BoostingParams
from train.portfolio import AnyCosts, Portfolio
from train.search import Search
from train.settings import Settings
from train.stages import OutOfFold
from train.statistics import Interval


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A scorer, how it came about and what it is worth.

    Attributes
    ----------
    portfolio : Portfolio
    settings : Settings
    data : PortfolioData
    leaks : tuple of LeakCheck
        What the audit before training found.
    search : Search
    members : tuple of BoostingParams
        Parameters of the boosters that the final model is the mean of, the best trial's first.
    scorer : Scorer
    example : mapping
        A typical applicant, of no real person.
    oof : OutOfFold
    proof : ThresholdProof
    test_costs : Costs or LoanCosts
        What wrong decisions on the test rows cost.
    evidence : Evidence
        What the decisions on the test rows show.
    realised : RealisedCosts or None
        What they came to in the end, where the portfolio says it.
    notes : tuple of str
        What the user should hear, a line each.
    """

    portfolio: Portfolio
    settings: Settings
    data: PortfolioData
    leaks: tuple[LeakCheck, ...]
    search: Search
    members: tuple[BoostingParams, ...]
    scorer: Scorer
    example: Mapping[str, Any]
    oof: OutOfFold
    proof: ThresholdProof
    test_costs: AnyCosts
    evidence: Evidence
    realised: RealisedCosts | None
    notes: tuple[str, ...]

    @property
    def params(self) -> BoostingParams:
        """The parameters of the best trial."""
        return self.members[0]

    @property
    def trees(self) -> int:
        """How many the final model has, all members together."""
        return sum(params.trees or 0 for params in self.members)

    @property
    def evaluation(self) -> Evaluation:
        """The decision policy on the test rows."""
        return self.evidence.evaluation

    @property
    def test_probability(self) -> FloatArray:
        """Probability of default of each test row, shape (test rows,)."""
        return self.evidence.probability

    @cached_property
    def bayes_threshold(self) -> float:
        """The theoretical threshold, `FP / (FP + FN)`; a median where loans have costs each."""
        return float(np.median(self.oof.costs.bayes_threshold))

    @cached_property
    def threshold_interval(self) -> Interval:
        """The threshold, and where the cheapest one of resampled rows lies."""
        proof, bayes = self.proof, self.bayes_threshold
        ends = proof.factor_low * bayes, proof.factor_high * bayes
        return Interval(self.scorer.policy.threshold, *ends)

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """All figures of the main run, by the names that it logs them under."""
        proof, threshold = self.proof, self.threshold_interval
        return {
            "threshold": threshold.value,
            "bayes_threshold": self.bayes_threshold,
            "threshold_ci_low": threshold.low,
            "threshold_ci_high": threshold.high,
            "oof_cost_per_applicant": proof.cost,
            "oof_cost_at_bayes_threshold": proof.bayes_cost,
            "oof_cost_less_bayes_ci_low": proof.difference_low,
            "oof_cost_less_bayes_ci_high": proof.difference_high,
            "oof_default_rate": float(self.oof.y.mean()),
            "oof_mean_probability": float(self.oof.probability.mean()),
            "search_cost_per_applicant": self.search.best.cost_per_applicant,
            "train_rows": float(len(self.data.train.y)),
            **self.evidence.metrics,
            **(self.realised.metrics if self.realised else {}),
        }
