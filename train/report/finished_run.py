"""`FinishedRun`: a finished training, with the words that the report uses for its columns."""

from dataclasses import dataclass
from functools import cached_property

from scoring_model.types import FloatArray
from train.data import PortfolioData
from train.evaluation import ColumnFairness, Segment
from train.portfolio import Portfolio
from train.report.formatting import cost_unit, in_currency
from train.trained_model import TrainedModel


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdScale:
    """The scale on which pictures show thresholds and probabilities.

    With the same costs for all loans, the scale is the probability. With costs of each loan,
    probabilities and thresholds are divided by the loan's own theoretical threshold,
    `FP / (FP + FN)`, so that 1 is the theoretical threshold of every loan.

    Attributes
    ----------
    chosen, theory : float
        The chosen and the theoretical threshold.
    low, high : float
        Interval of the cheapest threshold on resampled rows.
    oof, test : ndarray of float64, shape (rows,)
        Probabilities of the out-of-fold and the test rows.
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
        """The portfolio that the model was trained on."""
        return self.model.portfolio

    @property
    def data(self) -> PortfolioData:
        """The training rows and the test rows."""
        return self.model.data

    @cached_property
    def labels(self) -> dict[str, str]:
        """The English label of each column that has one."""
        named = {f.name: f.labels["en"] for f in self.data.contract.features if "en" in f.labels}
        others = self.portfolio.labels.items()
        return {name: texts["en"] for name, texts in others if "en" in texts} | named

    def label(self, column: str) -> str:
        """Return the label of a column, or its name with spaces for underscores."""
        return self.labels.get(column, column.replace("_", " "))

    def segment_name(self, segment: Segment) -> str:
        """Return feature and group of a segment as one phrase."""
        return f"{self.label(segment.feature)}: {segment.group.replace('_', ' ')}"

    def fairness_name(self, column: ColumnFairness) -> str:
        """Return the label of a protected column, or the labels of a pair joined by "and"."""
        return " and ".join(self.label(name) for name in column.columns)

    @property
    def threshold(self) -> float:
        """The probability from which applicants are refused; the median if loans have their own."""
        return self.model.scorer.policy.threshold

    @property
    def is_per_loan(self) -> bool:
        """Whether each loan is decided by its own costs."""
        return self.portfolio.costs.decides

    @property
    def in_currency(self) -> str:
        """The currency of the portfolio's amounts, as words that follow a figure."""
        return in_currency(self.portfolio.costs.currency)

    @property
    def unit(self) -> str:
        """The unit of the costs, as words that follow a figure."""
        if self.is_per_loan:
            return self.in_currency
        return cost_unit(self.model.settings.costs.false_positive)

    @cached_property
    def scale(self) -> ThresholdScale:
        """The scale on which pictures show thresholds and probabilities."""
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
