"""`Findings`: everything that pictures and report are made from, and how it is called."""

from dataclasses import dataclass
from functools import cached_property

from train.data import PortfolioData
from train.fairness import ColumnFairness
from train.pipeline import TrainedModel
from train.portfolio import Portfolio
from train.segments import Segment
from train.settings import Settings


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
        """The probability of default from which an applicant is refused."""
        return self.model.scorer.policy.threshold
