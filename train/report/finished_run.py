"""`FinishedRun`: a training as pictures and report see it, with the words for its columns."""

from dataclasses import dataclass
from functools import cached_property

from scoring_model.types import FloatArray
from train.data import PortfolioData
from train.evaluation import ColumnFairness, Segment
from train.portfolio import Portfolio
from train.trained_model import TrainedModel


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
class FinishedRun:
    """A finished training run.

    Attributes
    ----------
    model : TrainedModel
    """

    model: TrainedModel

    @property
    def portfolio(self) -> Portfolio:
        """What was trained on."""
        return self.model.portfolio

    @property
    def data(self) -> PortfolioData:
        """Its rows on both sides of the split."""
        return self.model.data

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
        model, proof, theory = self.model, self.model.proof, self.model.bayes_threshold
        oof, test = model.oof.probability, model.test_probability
        if not self.is_per_loan:
            chosen = model.threshold_interval
            return ThresholdScale(chosen.value, theory, chosen.low, chosen.high, oof, test)
        return ThresholdScale(
            proof.factor,
            1.0,
            proof.factor_low,
            proof.factor_high,
            oof / model.oof.costs.bayes_threshold,
            test / model.test_costs.bayes_threshold,
        )
