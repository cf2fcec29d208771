"""Rows of a decision log that a recalibration reads, as arrays."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitoring.facts import Facts
from scoring_model.policy import DecisionPolicy, refuse, scaled_thresholds
from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.portfolio import Costs, LoanCosts

_COSTS = ("false_negative_cost", "false_positive_cost")


class RowSource(Protocol):
    """What a recalibration asks of a decision log, whose margins were computed."""

    @property
    def facts(self) -> Facts:
        """All that was counted."""
        ...

    def decision_rows(self, manifests: Collection[str]) -> pa.Table:
        """Return all decisions of some versions."""
        ...

    def outcome_rows(self, manifests: Collection[str]) -> pa.Table:
        """Return the accepted and mature decisions of some versions that have an outcome."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LoggedMargins:
    """Decisions by versions with the same trees, as arrays of shape (rows,).

    Attributes
    ----------
    day : ndarray of datetime64[D]
    margin : ndarray of float64
        Raw log-odds of the booster.
    costs : LoanCosts
    """

    day: NDArray[np.datetime64]
    margin: FloatArray
    costs: LoanCosts

    def select(self, chosen: BoolArray) -> "LoggedMargins":
        """Return the rows where `chosen` is true."""
        costs = self.costs.take(np.flatnonzero(chosen))
        return LoggedMargins(self.day[chosen], self.margin[chosen], costs)


@dataclass(frozen=True, slots=True, eq=False)
class MaturedRows:
    """Accepted decisions with known outcomes, as arrays of shape (rows,).

    Attributes
    ----------
    logged : LoggedMargins
    share : ndarray of float64
        Share of the defaults that is known at the age of the decision.
    y : ndarray of int8
        1 = a default that is known.
    """

    logged: LoggedMargins
    share: FloatArray
    y: LabelArray

    def select(self, chosen: BoolArray) -> "MaturedRows":
        """Return the rows where `chosen` is true."""
        return MaturedRows(self.logged.select(chosen), self.share[chosen], self.y[chosen])


def read_logged(table: pa.Table, policy: DecisionPolicy) -> LoggedMargins:
    """Read decisions; those without a margin or without costs are left out.

    Parameters
    ----------
    table : pyarrow.Table
        Columns `day`, `margin`, `false_negative_cost` and `false_positive_cost`.
    policy : DecisionPolicy
        Its two costs apply, unless each loan has its own.
    """
    return _logged(_usable(table, policy), policy)


def read_matured(table: pa.Table, policy: DecisionPolicy) -> MaturedRows:
    """Read decisions with outcomes, as `read_logged`; `table` has `share` and `defaulted` too."""
    usable = _usable(table, policy)
    return MaturedRows(
        _logged(usable, policy),
        _numbers(usable, "share"),
        usable["defaulted"].to_numpy().astype(np.int8),
    )


def _usable(table: pa.Table, policy: DecisionPolicy) -> pa.Table:
    for name in ("margin", *(_COSTS if policy.loan_costs else ())):
        table = table.filter(pc.is_valid(table[name]))
    return table


def _logged(table: pa.Table, policy: DecisionPolicy) -> LoggedMargins:
    if policy.loan_costs is None:
        costs = Costs(policy.false_negative_cost, policy.false_positive_cost).of_rows(len(table))
    else:
        costs = LoanCosts(*(_numbers(table, name) for name in _COSTS))
    return LoggedMargins(table["day"].to_numpy(), _numbers(table, "margin"), costs)


def _numbers(table: pa.Table, name: str) -> FloatArray:
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def decide_anew(policy: DecisionPolicy, logged: LoggedMargins) -> tuple[FloatArray, BoolArray]:
    """Return the probability of each row by a policy, and whether it refuses the row."""
    probability = policy.calibration.apply(logged.margin)
    rule, costs = policy.loan_costs, logged.costs
    if rule is None:
        return probability, refuse(probability, policy.threshold)
    thresholds = scaled_thresholds(costs.false_negative, costs.false_positive, rule.factor)
    return probability, refuse(probability, thresholds)
