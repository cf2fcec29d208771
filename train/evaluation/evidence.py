"""`Evidence`: all results of the evaluation on the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm
import numpy as np

from scoring_model.contract import EncodedRows
from scoring_model.policy import refuse
from scoring_model.types import FloatArray, RowNumbers
from scoring_model.version import Scorer
from train.data import LabelledRows, PortfolioData
from train.evaluation.evaluation import HIGH_AUC, Evaluation, evaluate_policy
from train.evaluation.fairness import (
    ColumnFairness,
    audit_fairness,
    fairness_metrics,
    fairness_notes,
)
from train.evaluation.feature_effects import FeatureEffects, measure_effects
from train.evaluation.importance import (
    Dominance,
    FeatureImportance,
    find_dominance,
    importance_in_money,
)
from train.evaluation.proxies import Proxies, find_proxies, proxy_notes
from train.evaluation.segments import Segment, dearest_segments, segment_notes
from train.evaluation.stability import Quarter, by_quarter, calibration_notes
from train.portfolio import AnyCosts, Portfolio


@dataclass(frozen=True, slots=True)
class Evidence:
    """All results of the evaluation on the test rows.

    Attributes
    ----------
    probability : ndarray of float64, shape (test rows,)
        Calibrated probability of default.
    evaluation : Evaluation
        Costs, errors and intervals of the decisions.
    quarters : tuple of Quarter
        Figures of each quarter; empty if the portfolio has no decision date.
    segments : tuple of Segment
        Groups that cost clearly more per applicant than all rows, most expensive first.
    importance : tuple of FeatureImportance
        Rise in cost when a feature is shuffled.
    dominance : Dominance
        How much of the model rests on its strongest feature.
    effects : FeatureEffects
        What the features add for single rows, and how the probability moves with them.
    fairness : tuple of ColumnFairness
        Acceptance and errors by protected group; empty if no column is protected.
    proxies : tuple of Proxies
        How well the features predict each protected column.
    """

    probability: FloatArray
    evaluation: Evaluation
    quarters: tuple[Quarter, ...]
    segments: tuple[Segment, ...]
    importance: tuple[FeatureImportance, ...]
    dominance: Dominance
    effects: FeatureEffects
    fairness: tuple[ColumnFairness, ...]
    proxies: tuple[Proxies, ...]

    @property
    def metrics(self) -> Mapping[str, float]:
        """All figures as metrics of the main run."""
        return {**self.evaluation.metrics, **fairness_metrics(self.fairness)}

    def notes(self) -> list[str]:
        """Return the warnings for the user, one line each."""
        return [
            *doubt_notes(self.evaluation, self.dominance),
            *calibration_notes(self.evaluation.calibration, self.quarters),
            *segment_notes(self.segments),
            *fairness_notes(self.fairness),
            *proxy_notes(self.proxies),
        ]


def gather_evidence(
    portfolio: Portfolio,
    data: PortfolioData,
    scorer: Scorer,
    booster: lightgbm.Booster,
    costs: AnyCosts,
    seed: int,
) -> Evidence:
    """Score the test rows and evaluate the decisions.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
    scorer : Scorer
        The final scorer; it is not changed.
    booster : lightgbm.Booster
        The scorer's booster as fitted, with the gain of each feature.
    costs : Costs or LoanCosts
        Costs of wrong decisions on the test rows.
    seed : int
        Seeds bootstraps, shuffles and folds.
    """
    test, names = data.test, data.contract.names
    decisions = scorer.score_encoded(EncodedRows(test.matrix))
    probability = decisions.probability
    evaluation = evaluate_policy(test.y, probability, decisions.threshold, costs, seed)
    refused, everyone = evaluation.refused, np.ones(len(test.y), dtype=bool)
    if_accepted, if_refused = (costs.of_each(test.y, rows) for rows in (~everyone, everyone))

    def cost_of(matrix: FloatArray, rows: RowNumbers) -> FloatArray:
        # each loan keeps its own threshold: only the probability changes
        shuffled = scorer.score_encoded(EncodedRows(matrix)).probability
        moved = refuse(shuffled, decisions.threshold[rows])
        return np.where(moved, if_refused[rows], if_accepted[rows])

    values = test.values(data.contract)
    columns = {name: values[name] for name in names if name in values.columns}
    gain, trees = booster.feature_importance(importance_type="gain"), booster.num_trees()
    importance = importance_in_money(test.matrix, cost_of, names, gain, trees, seed)
    return Evidence(
        probability=probability,
        evaluation=evaluation,
        quarters=_quarters(portfolio, test, probability, evaluation, seed),
        segments=dearest_segments(
            columns, test.y, probability, refused, evaluation.cost_of_each, if_accepted, if_refused
        ),
        importance=importance,
        dominance=find_dominance(names, gain),
        effects=measure_effects(scorer, test.matrix, trees, [i.feature for i in importance], seed),
        fairness=audit_fairness(
            test.frame[list(portfolio.protected)], test.y, probability, refused
        ),
        proxies=_proxies(portfolio, data, seed),
    )


def _quarters(
    portfolio: Portfolio,
    test: LabelledRows,
    probability: FloatArray,
    evaluation: Evaluation,
    seed: int,
) -> tuple[Quarter, ...]:
    if portfolio.decision_date is None:
        return ()
    dates = test.frame[portfolio.decision_date].to_numpy()
    refused, cost = evaluation.refused, evaluation.cost_of_each
    return by_quarter(dates, test.y, probability, refused, cost, seed)


def _proxies(portfolio: Portfolio, data: PortfolioData, seed: int) -> tuple[Proxies, ...]:
    contract, train = data.contract, data.train
    return find_proxies(
        train.values(contract),
        train.matrix,
        portfolio.protected,
        contract.names,
        contract.categorical_indices,
        seed,
    )


def doubt_notes(evaluation: Evaluation, dominance: Dominance) -> list[str]:
    """Return a line for each sign that the model may know the outcome."""
    lines = []
    auc = evaluation.intervals["roc_auc"].value
    if auc > HIGH_AUC:
        lines.append(
            f"the test AUC of {auc:.3f} is over {HIGH_AUC:.2f}, which is rare for credit: look for "
            "a feature that is known only after the decision"
        )
    if dominance.is_notable:
        lines.append(
            f"feature {dominance.feature!r} has {dominance.share:.0%} of the importance (gain): "
            "check that it is known when the loan is decided"
        )
    return lines
