"""`MonitoredModel`: findings, with the words that the report uses for features and costs."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.facts import PROBABILITY
from monitoring.findings import DriftMonth, Findings, OutcomeMonth, RankingMonth, Vintage
from scoring_model.version import Scorer
from train.portfolio import Portfolio
from train.report import NOTHING, cost_unit, in_currency


@dataclass(frozen=True, slots=True)
class MonitoredModel:
    """Findings about a model, and its words.

    Attributes
    ----------
    findings : Findings
    unit : str
        Unit of the costs, as words that follow a figure.
    labels : mapping of str to str
        What people call a feature.
    """

    findings: Findings
    unit: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, findings: Findings, portfolio: Portfolio, scorer: Scorer | None
    ) -> "MonitoredModel":
        """Return the findings with the words of a portfolio and of the version in use.

        Parameters
        ----------
        findings : Findings
        portfolio : Portfolio
        scorer : Scorer or None
            The version in use; None if it was not found.
        """
        texts = dict(portfolio.labels)
        if scorer is not None:
            texts |= {feature.name: feature.labels for feature in scorer.contract.features}
        labels = {
            name: by_language["en"] for name, by_language in texts.items() if "en" in by_language
        }
        if scorer is None or scorer.policy.loan_costs is not None:
            return cls(findings, in_currency(portfolio.costs.currency), labels)
        return cls(findings, cost_unit(scorer.policy.false_positive_cost), labels)

    def label(self, feature: str) -> str:
        """Return what people call a feature, or the probability."""
        if feature == PROBABILITY:
            return "probability of default"
        return self.labels.get(feature, feature.replace("_", " "))

    def with_labels(self, text: str) -> str:
        """Return a sentence with the label of each feature that it names between backticks."""
        return re.sub(r"`([^`]+)`", lambda found: self.label(found[1]), text)

    @property
    def shown_months(self) -> frozenset[int]:
        """The months that pictures show: those with enough decisions, or all if none has.

        Months with few decisions have wide intervals, beside which nothing else could be seen.
        """
        traffic = self.findings.traffic
        enough = frozenset(month.month for month in traffic if month.is_judged)
        return enough or frozenset(month.month for month in traffic)

    @property
    def shown_outcomes(self) -> list[OutcomeMonth]:
        """The outcomes of the months that pictures show: see `shown_months`."""
        months = [found for found in self.findings.outcomes if found.month is not None]
        return [found for found in months if found.is_judged] or months

    @property
    def shown_vintages(self) -> list[Vintage]:
        """The vintages that pictures show: see `shown_months`."""
        vintages = self.findings.vintages
        return [found for found in vintages if found.is_judged] or list(vintages)

    @property
    def version(self) -> str:
        """The version in use, as model and number."""
        name = self.findings.version
        return f"{name.model or 'unregistered'} version {name.version}"

    @property
    def all_outcomes(self) -> OutcomeMonth | None:
        """The outcomes of all months together."""
        return next((found for found in self.findings.outcomes if found.month is None), None)

    @property
    def all_ranked(self) -> RankingMonth | None:
        """The ranking of all months together, if it could be measured."""
        whole = [found for found in self.findings.rankings if found.month is None]
        return next((found for found in whole if not math.isnan(found.auc.value)), None)

    @property
    def drift(self) -> DriftMonth | None:
        """The drift of the version in use, in the month that the alarms are about."""
        findings = self.findings
        return next(
            (
                found
                for found in findings.drift
                if (found.month, found.version) == (findings.month, findings.version)
            ),
            None,
        )

    @property
    def drift_of_version(self) -> list[DriftMonth]:
        """The drift of the version in use in all months with enough decisions."""
        of_version = [f for f in self.findings.drift if f.version == self.findings.version]
        return [found for found in of_version if found.features]


def month_mark(month: int) -> str:
    """Return a month for a table or an axis, such as `2005-01`."""
    return f"{month // 100}-{month % 100:02d}"


def chance(p_value: float) -> str:
    """Return a p-value for a table."""
    if math.isnan(p_value):
        return NOTHING
    return "< 0.0001" if p_value < 0.0001 else f"{p_value:.4f}"
