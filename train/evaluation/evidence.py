"""All that is shown about a model on its test rows, gathered in one place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring_model.contract import EncodedRows
from scoring_model.policy import refuse
from scoring_model.scorer import Scorer
from train.costs import AnyCosts
from train.data import PortfolioData
from train.evaluation import Evaluation, evaluate
from train.fairness import ColumnFairness, audit_fairness, fairness_metrics, fairness_notes
from train.importance import FeatureImportance, importance_in_money
from train.portfolio import Portfolio
from train.proxies import Proxies, find_proxies, proxy_notes
from train.segments import Segment, dearest_segments, segment_notes
from train.stability import Quarter, by_quarter, calibration_notes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a model's decisions on the test rows show.

    Attributes
    ----------
    probability : ndarray of float64, shape (test rows,)
    evaluation : Evaluation
    quarters : tuple of Quarter
        Empty without a decision date.
    segments : tuple of Segment
        Those that cost clearly more than the whole, dearest first.
    importance : tuple of FeatureImportance
    fairness : tuple of ColumnFairness
        Empty without protected columns.
    proxies : tuple of Proxies
    """

    probability: FloatArray
    evaluation: Evaluation
    quarters: tuple[Quarter, ...]
    segments: tuple[Segment, ...]
    importance: tuple[FeatureImportance, ...]
    fairness: tuple[ColumnFairness, ...]
    proxies: tuple[Proxies, ...]

    @property
    def metrics(self) -> Mapping[str, float]:
        """All figures, as the main run logs them."""
        return {**self.evaluation.metrics, **fairness_metrics(self.fairness)}

    def notes(self, label: Callable[[str], str] = str) -> list[str]:
        """Return what the user should hear, a line each, with columns as `label` calls them."""
        return [
            *calibration_notes(self.evaluation.calibration, self.quarters),
            *segment_notes(self.segments, label),
            *fairness_notes(self.fairness, label),
            *proxy_notes(self.proxies, label),
        ]


def gather_evidence(
    portfolio: Portfolio,
    data: PortfolioData,
    scorer: Scorer,
    booster: lightgbm.Booster,
    costs: AnyCosts,
    seed: int,
) -> Evidence:
    """Decide on the test rows and look at the decisions from every side.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
    scorer : Scorer
        Final: nothing here changes it.
    booster : lightgbm.Booster
        The scorer's, which knows its features' gain.
    costs : Costs or LoanCosts
    seed : int
        Of bootstraps, shuffles and folds.
    """
    test, names = data.test, data.contract.names
    decisions = scorer.score_encoded(EncodedRows(test.matrix))
    probability = decisions.probability
    evaluation = evaluate(test.y, probability, decisions.threshold, costs, seed)
    refused, cost = evaluation.refused, evaluation.cost_of_each
    quarters: tuple[Quarter, ...] = ()
    if portfolio.decision_date is not None:
        dates = test.frame[portfolio.decision_date].to_numpy()
        quarters = by_quarter(dates, test.y, probability, refused, cost, seed)
    everyone = np.ones(len(test.y), dtype=bool)
    if_accepted, if_refused = (costs.of_each(test.y, said) for said in (~everyone, everyone))

    def cost_of(matrix: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
        # each applicant keeps the threshold of his own loan: only the probability moves
        shuffled = scorer.score_encoded(EncodedRows(matrix)).probability
        moved = refuse(shuffled, decisions.threshold[rows])
        return np.where(moved, if_refused[rows], if_accepted[rows])

    return Evidence(
        probability=probability,
        evaluation=evaluation,
        quarters=quarters,
        segments=dearest_segments(
            {name: test.frame[name] for name in names if name in test.frame.columns},
            test.y,
            probability,
            refused,
            cost,
            if_accepted,
            if_refused,
        ),
        importance=importance_in_money(
            test.matrix,
            cost_of,
            names,
            booster.feature_importance(importance_type="gain"),
            booster.num_trees(),
            seed,
        ),
        fairness=audit_fairness(
            test.frame[list(portfolio.protected)], test.y, probability, refused
        ),
        proxies=find_proxies(
            data.train.frame,
            data.train.matrix,
            portfolio.protected,
            names,
            data.contract.categorical_indices,
            seed,
        ),
    )
