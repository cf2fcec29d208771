"""`Findings`: everything that pictures and report are made from, and how it is called."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from train.data import PortfolioData
from train.fairness import ColumnFairness
from train.pipeline import TrainedModel
from train.portfolio import Portfolio
from train.segments import Segment
from train.settings import Settings

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdScale:
    """The scale on which decisions are drawn, and what lies on it.

    Probabilities against thresholds; where each loan has its own costs, both by the loan's own
    theoretical threshold, `FP / (FP + FN)`: then 1 is the theory for all of them.

    Attributes
    ----------
    chosen, theory : float
    low, high : float
        Where the cheapest lies on resampled rows.
    oof, test : ndarray of float64, shape (rows,)
        The probabilities on this scale.
    """

    chosen: float
    theory: float
    low: float
    high: float
    oof: FloatArray
    test: FloatArray


@dataclass(frozen=True)
class Findings:
    """A finished training run.

    Attributes
    ----------
    portfolio : Portfolio
    data : PortfolioData
    settings : Settings
    model : TrainedModel
    """

    portfolio: Portfolio
    data: PortfolioData
    settings: Settings
    model: TrainedModel

    @cached_property
    def labels(self) -> dict[str, str]:
        """What people read for each column that has a label, in English."""
        named = {f.name: f.labels["en"] for f in self.data.contract.features if "en" in f.labels}
        others = self.portfolio.labels.items()
        return {name: texts["en"] for name, texts in others if "en" in texts} | named

    def label(self, column: str) -> str:
        """Return what people read for a column: its label, or its name as words."""
        return self.labels.get(column, column.replace("_", " "))

    def segment_name(self, segment: Segment) -> str:
        """Return feature and group of a segment as one phrase."""
        return f"{self.label(segment.feature)}: {segment.group.replace('_', ' ')}"

    def fairness_name(self, column: ColumnFairness) -> str:
        """Return the protected column, or the pair of them, as people say it."""
        return " and ".join(self.label(name) for name in column.columns)

    @property
    def threshold(self) -> float:
        """The probability of default from which an applicant is refused; a median per loan."""
        return self.model.scorer.policy.threshold

    @property
    def is_per_loan(self) -> bool:
        """Whether each loan is decided by its own costs."""
        return self.portfolio.costs.decides

    @cached_property
    def scale(self) -> ThresholdScale:
        """The scale on which decisions are drawn."""
        model, metrics = self.model, self.model.metrics
        theory = metrics["bayes_threshold"]
        ends = metrics["threshold_ci_low"], metrics["threshold_ci_high"]
        rule = model.scorer.policy.loan_costs
        if rule is None:
            return ThresholdScale(
                self.threshold, theory, *ends, model.oof_probability, model.test_probability
            )
        return ThresholdScale(
            rule.factor,
            1.0,
            ends[0] / theory,
            ends[1] / theory,
            model.oof_probability / model.oof_costs.bayes_threshold,
            model.test_probability / model.test_costs.bayes_threshold,
        )
