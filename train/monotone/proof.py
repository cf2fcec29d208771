"""`MonotoneProof`: that the constraints of `[monotone]` hold, and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring_model.policy import CalibrationMap, refuse, scaled_thresholds
from scoring_model.types import FloatArray, LabelArray
from scoring_model.version import Scorer
from train.data import PortfolioData
from train.decision import choose_rule
from train.errors import InputError
from train.fitting import FinalFit
from train.monotone.constraints import signs_of
from train.monotone.sweep import Sweep, sweep_splits
from train.portfolio import LoanCosts, Portfolio
from train.statistics import Interval, normal_mean


@dataclass(frozen=True, slots=True)
class MonotoneProof:
    """That the constraints hold in the final model, and what they cost.

    Attributes
    ----------
    signs : mapping of str to int
        Each constrained feature with its direction, 1 or -1.
    sweep : Sweep
        Test rows, swept over every split value of these features.
    cost, cost_without : float
        Out-of-fold cost per applicant, with the constraints and without them.
    difference : Interval
        The cost with the constraints minus that without, paired by row.
    """

    signs: Mapping[str, int]
    sweep: Sweep
    cost: float
    cost_without: float
    difference: Interval

    @property
    def note(self) -> str:
        """A line for the user."""
        change = self.difference
        return (
            f"[monotone] holds: {self.sweep.rows} test rows were tried at {self.sweep.splits} "
            "split values, and no probability moved the wrong way. "
            f"Out-of-fold cost per applicant {self.cost:.4f}, without it {self.cost_without:.4f} "
            f"(difference {change.value:+.4f}, 95 % interval {change.low:+.4f} to "
            f"{change.high:+.4f})"
        )

    @property
    def metrics(self) -> dict[str, float]:
        """The figures as metrics of the run."""
        return {
            "monotone/features": float(len(self.signs)),
            "monotone/swept_rows": float(self.sweep.rows),
            "monotone/swept_splits": float(self.sweep.splits),
            "monotone/largest_fall": self.sweep.fall,
            "monotone/oof_cost_with": self.cost,
            "monotone/oof_cost_without": self.cost_without,
            "monotone/oof_cost_difference": self.difference.value,
            "monotone/oof_cost_difference_ci_low": self.difference.low,
            "monotone/oof_cost_difference_ci_high": self.difference.high,
        }


def prove_monotone(
    portfolio: Portfolio,
    data: PortfolioData,
    scorer: Scorer,
    final: FinalFit,
    costs: LoanCosts,
    factor: float,
    seed: int,
) -> MonotoneProof | None:
    """Sweep the final model, and measure the cost of the constraints; None without constraints.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
    scorer : Scorer
        The final scorer.
    final : FinalFit
        Has the out-of-fold margins with the constraints, and those without.
    costs : LoanCosts
        What wrong decisions on the training rows cost.
    factor : float
        Chosen threshold divided by the theoretical one.
    seed : int
        Seeds the draw of test rows, and the choice of map and threshold without the constraints.

    Raises
    ------
    InputError
        The probability moves against a constraint.
    """
    signs = signs_of(portfolio, data.contract)
    if not signs or final.compared_margin is None:
        return None
    swept = sweep_splits(scorer, signs, data.test.matrix, seed)
    if swept.fall:
        raise InputError(
            f"{portfolio.path}: [monotone] {swept.feature} = "
            f"{portfolio.monotone[swept.feature]!r} does not hold in the final model: at one of "
            f"its split values the probability moves the other way by {swept.fall:.3g}. This is a "
            "fault of the training. To train without this constraint, remove the line"
        )
    y, own = data.train.y[final.rows], costs.take(final.rows)
    with_them = _cost_of_each(scorer.policy.calibration, factor, final.margin[0], y, own)
    rule = choose_rule(final.compared_margin, y, own, seed)
    without = _cost_of_each(rule.calibration, rule.factor, final.compared_margin[0], y, own)
    return MonotoneProof(
        signs=signs,
        sweep=swept,
        cost=float(with_them.mean()),
        cost_without=float(without.mean()),
        difference=normal_mean(with_them - without),
    )


def _cost_of_each(
    calibration: CalibrationMap,
    factor: float,
    margin: FloatArray,
    y: LabelArray,
    costs: LoanCosts,
) -> FloatArray:
    threshold = scaled_thresholds(costs.false_negative, costs.false_positive, factor)
    return costs.of_each(y, refuse(calibration.apply(margin), threshold))
