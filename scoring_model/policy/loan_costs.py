"""`LoanCostRule`: each applicant's own threshold from what a wrong decision on the loan costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scoring_model.errors import FieldProblem, InvalidRequest
from scoring_model.policy.expression import Expression
from scoring_model.types import FloatArray

NOT_POSITIVE = "must give positive costs of accepting and of refusing"


@dataclass(frozen=True)
class LoanCostRule:
    """Costs of a wrong decision as expressions over features, and the factor on the threshold.

    Attributes
    ----------
    false_negative, false_positive : str
        Expressions (see `Expression`) for the cost of accepting the applicant if a defaulter, of
        refusing if a good client.
    factor : float
        On `FP / (FP + FN)`, chosen out of fold; 1 takes the probabilities at their word.
    """

    false_negative: str
    false_positive: str
    factor: float

    @cached_property
    def _expressions(self) -> tuple[Expression, Expression]:
        return Expression(self.false_negative), Expression(self.false_positive)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Features that the costs are made of."""
        false_negative, false_positive = self._expressions
        return tuple(dict.fromkeys(false_negative.columns + false_positive.columns))

    def costs(self, matrix: FloatArray, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return the costs (false negative, false positive) of encoded rows, shape (rows,) each.

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
        """Return what `scaled_thresholds` of one applicant's costs gives, to the last bit."""
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
