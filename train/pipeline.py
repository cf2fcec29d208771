"""The straight way from a portfolio to a scorer and what it is worth; knows nothing of MLflow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring_model.loan_costs import LoanCostRule
from scoring_model.policy import DecisionPolicy
from scoring_model.scorer import Scorer
from train.boosting import BoostingParams
from train.costs import AnyCosts, Costs, LoanCosts
from train.data import PortfolioData
from train.decision import DecisionRule, choose_rule
from train.engine import LOCAL, Engine
from train.evaluation import Evaluation
from train.evidence import Evidence, gather_evidence
from train.final import fit_final
from train.folds import repeat_folds
from train.leaks import LeakCheck, audit_leaks, leak_notes, refuse_leaks
from train.learning import typical_applicant
from train.money import costs_of_sides, realised_metrics
from train.portfolio import Portfolio
from train.selection import choose_members, decision_dates, search_params
from train.settings import Settings
from train.threshold import ThresholdProof, prove_threshold
from train.tuning import Search, Trial

# Added to the run's seed: the rows that a search held out flatter its winner, so that every later
# step shuffles anew.
FOLDS_SEED, CALIBRATION_SEED = 2, 3
# Many rows calibrate well from fewer folds, and each fold is as dear as the final fit.
FINAL_FOLDS, FINAL_FOLDS_OF_MANY, MANY_ROWS = 5, 3, 100_000


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A scorer, how it came about and what it is worth.

    Attributes
    ----------
    scorer : Scorer
    example : mapping
        A typical applicant, of no real person.
    search : Search
    members : tuple of BoostingParams
        Of the boosters that the final model is the mean of, the best trial's first.
    oof_y, oof_probability : ndarray, shape (held-out rows,)
        What calibration and threshold were chosen on.
    oof_costs, test_costs : LoanCosts, Costs or LoanCosts
        What wrong decisions on these rows cost.
    leaks : tuple of LeakCheck
        What the audit before training found.
    evidence : Evidence
        What the decisions on the test rows show.
    metrics : mapping of str to float
        All figures of the main run.
    notes : tuple of str
        What the user should hear, a line each.
    """

    scorer: Scorer
    example: Mapping[str, Any]
    search: Search
    members: tuple[BoostingParams, ...]
    oof_y: NDArray[np.int8]
    oof_probability: NDArray[np.float64]
    oof_costs: LoanCosts
    test_costs: AnyCosts
    leaks: tuple[LeakCheck, ...]
    evidence: Evidence
    metrics: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def params(self) -> BoostingParams:
        """Of the best trial."""
        return self.members[0]

    @property
    def trees(self) -> int:
        """Of the final model, of all members together."""
        return sum(params.trees or 0 for params in self.members)

    @property
    def evaluation(self) -> Evaluation:
        """The decision policy on the test rows."""
        return self.evidence.evaluation

    @property
    def test_probability(self) -> NDArray[np.float64]:
        """Of the test rows, shape (test rows,)."""
        return self.evidence.probability


def train_model(
    portfolio: Portfolio,
    data: PortfolioData,
    settings: Settings,
    on_trial: Callable[[Trial], None],
    say: Callable[[str], None],
    on_search: Callable[[Mapping[str, str]], Sequence[Trial]] = lambda _: (),
    engine: Engine = LOCAL,
) -> TrainedModel:
    """Search, fit, calibrate, choose the threshold, and only then look at the test rows.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
        Of this portfolio, from `train.data.load_data`.
    settings : Settings
    on_trial : callable
        Called with each finished trial.
    say : callable
        Called with each note as it arises.
    on_search : callable, optional
        Called with what identifies the search; returns the trials of an earlier run of it.
    engine : Engine, optional
        That of the settings, opened.
    """
    notes: list[str] = []

    def note(line: str) -> None:
        notes.append(line)
        say(line)

    for line in data.notes:
        note(line)
    if data.dropped:
        note(f"{len(data.dropped)} features are dropped: see dropped_features.json")
    leaks = audit_leaks(
        portfolio, data.train.frame, data.train.y, data.contract.names, settings.seed
    )
    refuse_leaks(portfolio, leaks)
    for line in leak_notes(leaks):
        note(line)
    train, categorical = data.train, data.contract.categorical_indices
    costs = costs_of_sides(portfolio, data, settings.costs)
    if portfolio.costs.decides:
        note("each loan is decided by its own costs, as [costs] says")
    search = search_params(
        portfolio, data, costs.train, settings, on_search, on_trial, note, engine
    )
    members = choose_members(search, train, categorical, settings.seed)
    if engine.fit is not None:
        # a cluster is for many rows: it fits one booster after the other
        members = members[:1]
    params = members[0]
    say(f"best of {len(search.trials)} trials: {params.treatment}, {params.trees} trees")
    if len(members) > 1:
        note(f"the model is the mean of {len(members)} boosters of the best trials")

    repeats = repeat_folds(
        train.y,
        settings.folds,
        FINAL_FOLDS if len(train.y) < MANY_ROWS else FINAL_FOLDS_OF_MANY,
        settings.seed + FOLDS_SEED,
        decision_dates(portfolio, train),
    )
    final = fit_final(
        train.matrix, train.y, repeats, members, categorical, settings.seed, engine.fit
    )
    oof_y, oof_costs = train.y[final.rows], costs.train.take(final.rows)
    rule = choose_rule(final.margin, oof_y, oof_costs, settings.seed + CALIBRATION_SEED)
    # read back from its text: what is evaluated is what is logged, to the last bit
    booster = lightgbm.Booster(model_str=final.booster.model_to_string())
    scorer = Scorer(
        contract=data.contract,
        booster=booster,
        policy=_policy(portfolio, rule, settings.costs, oof_costs),
        features=data.features,
    )
    evidence = gather_evidence(portfolio, data, scorer, final.booster, costs.test, settings.seed)
    for line in evidence.notes():
        note(line)
    # one probability a row: that of the first shuffle
    oof_probability = rule.calibration.apply(final.margin[0])
    proof = prove_threshold(oof_y, oof_probability, oof_costs, rule.factor, settings.seed)
    return TrainedModel(
        scorer=scorer,
        example=typical_applicant(data.train.matrix, data.contract),
        search=search,
        members=members,
        oof_y=oof_y,
        oof_probability=oof_probability,
        oof_costs=oof_costs,
        test_costs=costs.test,
        leaks=leaks,
        evidence=evidence,
        metrics={
            "threshold": scorer.policy.threshold,
            **_proof_metrics(proof, float(np.median(oof_costs.bayes_threshold))),
            "oof_default_rate": float(oof_y.mean()),
            "oof_mean_probability": float(oof_probability.mean()),
            "search_cost_per_applicant": search.best.cost_per_applicant,
            "train_rows": float(len(data.train.y)),
            **evidence.metrics,
            **realised_metrics(portfolio, data, evidence.evaluation.refused, settings.seed),
        },
        notes=tuple(notes),
    )


def _policy(
    portfolio: Portfolio, rule: DecisionRule, plain: Costs, costs: LoanCosts
) -> DecisionPolicy:
    """Return the policy: one threshold, or a rule for each loan beside the medians."""
    columns = portfolio.costs
    if not columns.decides:
        threshold = float(rule.thresholds(costs)[0])
        return DecisionPolicy(
            rule.calibration, threshold, plain.false_negative, plain.false_positive
        )
    return DecisionPolicy(
        rule.calibration,
        float(np.median(rule.thresholds(costs))),
        float(np.median(costs.false_negative)),
        float(np.median(costs.false_positive)),
        LoanCostRule(str(columns.false_negative), str(columns.false_positive), rule.factor),
    )


def _proof_metrics(proof: ThresholdProof, bayes_threshold: float) -> dict[str, float]:
    return {
        "bayes_threshold": bayes_threshold,
        "threshold_ci_low": proof.factor_low * bayes_threshold,
        "threshold_ci_high": proof.factor_high * bayes_threshold,
        "oof_cost_per_applicant": proof.cost,
        "oof_cost_at_bayes_threshold": proof.bayes_cost,
        "oof_cost_less_bayes_ci_low": proof.difference_low,
        "oof_cost_less_bayes_ci_high": proof.difference_high,
    }
