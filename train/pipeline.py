"""The stages of a training, from a portfolio to an evaluated model, without MLflow.

    read -> search -> fit -> decide -> evaluate

Each stage takes the result of the stage before it. Only the last stage uses the test rows.
"""

from dataclasses import replace
from functools import partial

import lightgbm
import numpy as np

from scoring_model.policy import DecisionPolicy, LoanCostRule, refuse
from scoring_model.version import Scorer
from train.data import (
    PortfolioData,
    costs_of_sides,
    learn_known_defaults,
    load_data,
    make_profile,
    profile_decisions,
    profile_number,
    typical_applicant,
)
from train.decision import DecisionRule, choose_rule, prove_threshold
from train.evaluation import (
    audit_leaks,
    find_company_losses,
    gather_evidence,
    leak_notes,
    realised_costs,
    refuse_company,
    refuse_leaks,
)
from train.fitting import FitPlan, Member, find_dropped, repeat_folds
from train.monotone import prove_monotone, signs_of, without_constraints
from train.portfolio import LoanCosts
from train.search import choose_members, decision_dates, plan_search
from train.stages import Decided, Fitted, Job, Loans, OutOfFold, Searched
from train.trained_model import TrainedModel

# Added to the run's seed, so that later steps do not use the folds of the search: the search chose
# its winner on those folds, which makes the winner look better there than it is.
FOLDS_SEED, CALIBRATION_SEED = 2, 3
# With many rows, fewer folds are enough for calibration. Each fold takes as long as the final fit.
FINAL_FOLDS, FINAL_FOLDS_OF_MANY, MANY_ROWS = 5, 3, 100_000


def train_model(loans: Loans) -> TrainedModel:
    """Search, fit and decide on the training rows, then evaluate on the test rows."""
    return evaluate(decide(fit(search(loans))))


def read(job: Job) -> Loans:
    """Read and split the portfolio's tables, learn the contract, and audit the features.

    Parameters
    ----------
    job : Job
        What to train on and how.

    Raises
    ------
    InputError
        A table cannot be used, or a feature leaks the outcome.
    """
    dropped = partial(find_dropped, job.portfolio, job.settings)
    return audit(job, load_data(job.portfolio, job.engine.features, dropped))


def audit(job: Job, data: PortfolioData) -> Loans:
    """Audit the features of loans that were read; raise `InputError` if one leaks the outcome."""
    record, train = job.record, data.train
    for line in data.notes:
        record.note(line)
    if data.dropped:
        record.note(f"{len(data.dropped)} features were dropped: see dropped_features.json")
    contract, seed = data.contract, job.settings.seed
    if job.portfolio.model_settings.max_features:
        kept = ", ".join(contract.names)
        record.note(f"[model] max_features keeps {len(contract.names)} features: {kept}")
    leaks = audit_leaks(job.portfolio, train.values(contract), train.y, contract.names, seed)
    refuse_leaks(job.portfolio, leaks)
    losses = find_company_losses(contract, train.matrix, train.y, seed)
    leaks = refuse_company(job.portfolio, losses, leaks)
    for line in leak_notes(leaks):
        record.note(line)
    costs = costs_of_sides(job.portfolio, data, job.settings.costs)
    if job.portfolio.costs.decides:
        record.note("each loan has its own threshold, from its own costs under [costs]")
    return Loans(job, data, leaks, costs)


def search(loans: Loans) -> Searched:
    """Search for the parameters whose decisions cost least on held-out training rows."""
    job, data, record = loans.job, loans.data, loans.job.record
    planned = plan_search(job.portfolio, data, loans.costs.train, job.settings)
    for line in planned.notes:
        record.note(line)
    finished = record.begin_search(planned.identity)
    if finished:
        record.note(f"the search continues after {len(finished)} trials of an earlier run")
    found = job.engine.search(planned, record.log_trial, finished)
    if found.stopped:
        record.note(
            f"{found.stopped} of {len(found.trials)} trials were stopped after their first folds"
        )
    categorical, measure = data.contract.categorical_indices, planned.plan.measure
    members = choose_members(found, data.train, categorical, job.settings.seed, measure)
    best = members[0].params
    treatment = f"imbalance treatment {best.treatment}"
    record.say(f"best of {len(found.trials)} trials: {treatment}, {best.trees} trees")
    return Searched(loans, found, members)


def fit(searched: Searched) -> Fitted:
    """Fit the final model on all training rows, and similar models on new folds of these rows."""
    loans = searched.loans
    job, train = loans.job, loans.data.train
    repeats = repeat_folds(
        train.y,
        job.settings.folds,
        FINAL_FOLDS if len(train.y) < MANY_ROWS else FINAL_FOLDS_OF_MANY,
        job.settings.seed + FOLDS_SEED,
        decision_dates(job.portfolio, train),
    )
    categorical = loans.data.contract.categorical_indices
    members, seed = searched.members, job.settings.seed
    compared: tuple[Member, ...] = ()
    if signs_of(job.portfolio, loans.data.contract):
        # what the constraints cost: the same members without them, on the same folds
        compared = tuple(replace(m, params=without_constraints(m.params)) for m in members)
    final = job.engine.fit(
        FitPlan(train.matrix, train.y, repeats, members, categorical, seed, compared)
    )
    if len(final.members) > 1:
        count = len(final.members)
        job.record.note(f"the model is the weighted mean of {count} boosters from the best trials")
    return Fitted(loans, searched.search, final)


def decide(fitted: Fitted) -> Decided:
    """Choose the calibration map and the threshold on held-out training rows."""
    loans, final = fitted.loans, fitted.final
    job, data = loans.job, loans.data
    y, costs = data.train.y[final.rows], loans.costs.train.take(final.rows)
    rule = choose_rule(final.margin, y, costs, job.settings.seed + CALIBRATION_SEED)
    probability = rule.calibration.apply(final.margin[0])
    refused = refuse(probability, rule.thresholds(costs))
    profile = replace(
        make_profile(data.train, data.contract),
        probability=profile_number("probability", probability),
        expected=profile_decisions(probability, refused, costs),
        known_defaults=learn_known_defaults(data.train, job.portfolio),
    )
    scorer = Scorer(
        contract=data.contract,
        # read back from text, so that exactly the logged booster is evaluated
        booster=lightgbm.Booster(model_str=final.booster.model_to_string()),
        policy=_policy(job, rule, costs),
        features=data.features,
        profile=profile,
    )
    proof = prove_threshold(y, probability, costs, rule.factor, job.settings.seed)
    return Decided(fitted, scorer, OutOfFold(y, probability, costs), proof)


def evaluate(decided: Decided) -> TrainedModel:
    """Score the test rows once, and evaluate the decisions."""
    fitted, scorer = decided.fitted, decided.scorer
    loans, final = fitted.loans, fitted.final
    job, data, seed = loans.job, loans.data, loans.job.settings.seed
    evidence = gather_evidence(job.portfolio, data, scorer, final.booster, loans.costs.test, seed)
    for line in evidence.notes():
        job.record.note(line)
    monotone = prove_monotone(
        job.portfolio, data, scorer, final, loans.costs.train, decided.proof.factor, seed
    )
    if monotone is not None:
        job.record.note(monotone.note)
    return TrainedModel(
        portfolio=job.portfolio,
        settings=job.settings,
        data=data,
        leaks=loans.leaks,
        search=fitted.search,
        members=final.members,
        scorer=scorer,
        example=typical_applicant(data.train.matrix, data.contract, data.train.frame),
        oof=decided.oof,
        proof=decided.proof,
        test_costs=loans.costs.test,
        evidence=evidence,
        realised=realised_costs(job.portfolio, data.test, evidence.evaluation.refused, seed),
        monotone=monotone,
        notes=tuple(job.record.notes),
    )


def _policy(job: Job, rule: DecisionRule, costs: LoanCosts) -> DecisionPolicy:
    """Return the policy: one threshold, or a rule for each loan together with median figures."""
    columns, plain = job.portfolio.costs, job.settings.costs
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
