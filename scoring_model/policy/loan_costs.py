"""`LoanCostRule`: a threshold for each applicant, from the costs of a wrong decision."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scoring_model.contract import JsonFields
from scoring_model.errors import FieldProblem, InvalidRequest
from scoring_model.expressions import Expression
from scoring_model.types import FloatArray

NOT_POSITIVE = "must give positive costs of accepting and of refusing"


@dataclass(frozen=True)
class LoanCostRule:
    """Costs of a wrong decision as expressions over features, and a factor for the threshold.

    Attributes
    ----------
    false_negative, false_positive : str
        Expressions (see `Expression`) for the costs of accepting a defaulter and of refusing a
        good client.
    factor : float
        `FP / (FP + FN)` is multiplied by it. Training chooses it on out-of-fold rows; 1 changes
        nothing.
    """

    false_negative: str
    false_positive: str
    factor: float

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "LoanCostRule":
        """Read a rule from a policy's JSON; raises `ArtifactError` if a value is not valid."""
        rule = cls(
            fields.text("false_negative"),
            fields.text("false_positive"),
            fields.number("factor", least=sys.float_info.min),
        )
        try:
            _ = rule.columns
        except ValueError as error:
            raise fields.refuse(f"a cost {error}") from error
        return rule

    @cached_property
    def _expressions(self) -> tuple[Expression, Expression]:
        return Expression(self.false_negative), Expression(self.false_positive)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All features that the costs use."""
        false_negative, false_positive = self._expressions
        return tuple(dict.fromkeys(false_negative.columns + false_positive.columns))

    def costs(self, matrix: FloatArray, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return the costs (false negative, false positive) of encoded rows, shape (rows,) each.

        Parameters
        ----------
        matrix : ndarray of float64, shape (rows, features)
            Encoded applicants.
        names : sequence of str
            Feature of each matrix column.

        Raises
        ------
        InvalidRequest
            A cost is not a positive number.
        """
        values = {name: matrix[:, list(names).index(name)] for name in self.columns}
        with np.errstate(all="ignore"):
            pair = [
                np.broadcast_to(np.asarray(e.evaluate(values), dtype=np.float64), len(matrix))
                for e in self._expressions
            ]
        good = np.all([np.isfinite(cost) & (cost > 0) for cost in pair], axis=0)
        if not good.all():
            raise InvalidRequest.from_problems(
                [self._problem(int(row)) for row in np.flatnonzero(~good)]
            )
        return pair[0], pair[1]

    def threshold_of_one(self, values: Sequence[float], names: Sequence[str]) -> float:
        """Return one applicant's threshold, equal to `scaled_thresholds` to the last bit."""
        named = {name: values[list(names).index(name)] for name in self.columns}
        try:
            false_negative, false_positive = (float(e.evaluate(named)) for e in self._expressions)
        except ZeroDivisionError as error:
            raise InvalidRequest.from_problems([self._problem(0)]) from error
        if not all(math.isfinite(cost) and cost > 0 for cost in (false_negative, false_positive)):
            raise InvalidRequest.from_problems([self._problem(0)])
        return min(self.factor * (false_positive / (false_positive + false_negative)), 1.0)

    def _problem(self, row: int) -> FieldProblem:
        return FieldProblem(row, self.columns[0] if self.columns else "", NOT_POSITIVE)
