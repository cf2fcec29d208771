"""`TrainedModel`: the result of a finished training."""

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
from train.fitting import BoostingParams, Member
from train.monotone import MonotoneProof
from train.portfolio import AnyCosts, Portfolio
from train.search import Search
from train.settings import Settings
from train.stages import OutOfFold
from train.statistics import Interval


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A scorer, how it was trained, and how it performs.

    Attributes
    ----------
    portfolio : Portfolio
    settings : Settings
    data : PortfolioData
    leaks : tuple of LeakCheck
        Results of the leak audit before training.
    search : Search
    members : tuple of Member
        Each booster of the final model, the best trial's first.
    scorer : Scorer
    example : mapping
        A typical applicant, not a real person.
    oof : OutOfFold
    proof : ThresholdProof
    test_costs : Costs or LoanCosts
        Costs of wrong decisions on the test rows.
    evidence : Evidence
        Evaluation of the decisions on the test rows.
    realised : RealisedCosts or None
        Costs that were observed in the end; None where the portfolio does not give them.
    monotone : MonotoneProof or None
        That the constraints hold, and what they cost; None without `[monotone]`.
    notes : tuple of str
        Lines for the user.
    """

    portfolio: Portfolio
    settings: Settings
    data: PortfolioData
    leaks: tuple[LeakCheck, ...]
    search: Search
    members: tuple[Member, ...]
    scorer: Scorer
    example: Mapping[str, Any]
    oof: OutOfFold
    proof: ThresholdProof
    test_costs: AnyCosts
    evidence: Evidence
    realised: RealisedCosts | None
    monotone: MonotoneProof | None
    notes: tuple[str, ...]

    @property
    def params(self) -> BoostingParams:
        """The parameters of the best trial."""
        return self.members[0].params

    @property
    def trees(self) -> int:
        """Number of trees of the final model, over all its boosters."""
        return sum(member.params.trees or 0 for member in self.members)

    @property
    def evaluation(self) -> Evaluation:
        """Evaluation of the decision policy on the test rows."""
        return self.evidence.evaluation

    @property
    def test_probability(self) -> FloatArray:
        """Probability of default of each test row, shape (test rows,)."""
        return self.evidence.probability

    @cached_property
    def bayes_threshold(self) -> float:
        """The theoretical threshold `FP / (FP + FN)`; the median if each loan has its own costs."""
        return float(np.median(self.oof.costs.bayes_threshold))

    @cached_property
    def threshold_interval(self) -> Interval:
        """The threshold, with an interval of the cheapest thresholds on resampled rows."""
        proof, bayes = self.proof, self.bayes_threshold
        ends = proof.factor_low * bayes, proof.factor_high * bayes
        return Interval(self.scorer.policy.threshold, *ends)

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """All metrics of the main run, by name."""
        proof, threshold = self.proof, self.threshold_interval
        return {
            "threshold": threshold.value,
            "bayes_threshold": self.bayes_threshold,
            "out_of_fold/threshold_ci_low": threshold.low,
            "out_of_fold/threshold_ci_high": threshold.high,
            "oof_cost_per_applicant": proof.cost,
            "out_of_fold/cost_at_bayes_threshold": proof.bayes_cost,
            "out_of_fold/cost_less_bayes_ci_low": proof.difference_low,
            "out_of_fold/cost_less_bayes_ci_high": proof.difference_high,
            "out_of_fold/default_rate": float(self.oof.y.mean()),
            "out_of_fold/mean_probability": float(self.oof.probability.mean()),
            "training/search_cost_per_applicant": self.search.best.cost_per_applicant,
            "training/rows": float(len(self.data.train.y)),
            **self.evidence.metrics,
            **(self.realised.metrics if self.realised else {}),
            **(self.monotone.metrics if self.monotone else {}),
        }
