"""Versions with profiles, logs of their decisions, and the facts of a log."""

import dataclasses
import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from monitoring.decisions import VersionFinder, open_decisions
from monitoring.facts import GatheredFacts, OutcomeSource, Question, open_facts
from scoring_model.contract import FeatureContract
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues
from scoring_model.policy import LoanCostRule
from scoring_model.profile import Profile
from scoring_model.version import LoadedModel, Scorer
from tests import one_value
from tests.monitoring.replay.logged import REGISTRY, register
from tests.train.versions import make_scorer, register_scorer, write_gated_portfolio
from train.data import load_data, make_profile, profile_number
from train.data.training_profile import profile_category
from train.portfolio import load_portfolio
from train.promotion import Registry

BY_LOAN = Registry("costs-by-loan")
EVERY_FIELD = Registry("every-field")
AS_OF = datetime.date(2007, 12, 31)
Applicant = dict[str, Any]


def fill_profiled(folder: Path) -> None:
    """Register two versions with common costs, one with costs by loan, one of every field."""
    portfolio = write_gated_portfolio(folder)
    data = load_data(load_portfolio(portfolio))
    for trees in (20, 40):
        scorer = make_scorer(data, trees)
        profile = make_profile(data.train, data.contract)
        margin = scorer.predict_margins(data.train.matrix)
        probability = profile_number("probability", scorer.policy.calibration.apply(margin))
        scorer = dataclasses.replace(
            scorer, profile=dataclasses.replace(profile, probability=probability)
        )
        register_scorer(portfolio, scorer)
    rule = LoanCostRule("amount * 0.6", "amount * 0.02 + 300", 1.1)
    policy = dataclasses.replace(scorer.policy, loan_costs=rule)
    register_scorer(portfolio, dataclasses.replace(scorer, policy=policy), BY_LOAN)
    example = one_value.without_key(one_value.make_applicants(20)[0])
    register(EVERY_FIELD, make_every_field(), example)


def make_every_field() -> Scorer:
    """Return the version of every kind of field, with a profile of its features."""
    scorer = one_value.make_scorer()
    records = [one_value.without_key(each) for each in one_value.make_applicants(600)]
    return dataclasses.replace(scorer, profile=profile_records(scorer.contract, records))


def profile_records(contract: FeatureContract, records: Sequence[Applicant]) -> Profile:
    """Return the profile of some applicants."""
    matrix = contract.encode_records(records).matrix
    numbers, categories = [], []
    for index, feature in enumerate(contract.features):
        if feature.kind == "category":
            values = pd.Series([read_level(record[feature.name]) for record in records])
            categories.append(profile_category(feature.name, values))
        else:
            numbers.append(profile_number(feature.name, matrix[:, index]))
    return Profile(len(records), tuple(numbers), tuple(categories))


def read_level(value: Any) -> str | None:
    """Return a category as text; booleans are `true` and `false`."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return str(value).lower()
    return None if value in (None, "") else str(value)


def log_days(
    writer: LogWriter,
    model: LoadedModel,
    applicants: Sequence[Applicant],
    days: Sequence[str | None],
    key: bytes | None = None,
) -> list[str]:
    """Decide applicants on given days and log them as A-0, A-1 and so on; return the ids."""
    origin, ids = Origin(model.name, "/predict", None), []
    field = model.scorer.contract.decision_date
    for number, (applicant, day) in enumerate(zip(applicants, days, strict=True)):
        dated = applicant | ({field: day} if field else {})
        decision = model.scorer.score_record(dated)
        logged = {name: value for name, value in applicant.items() if name != field}
        values = PersonalValues(key).write(orjson.dumps(logged), f"A-{number}")
        new = NewDecision(**decision.answer(), values=values, decided_on=day)
        ids.append(writer.add(origin, new))
    writer.commit()
    return ids


@contextmanager
def gather(
    place: Path | str,
    as_of: datetime.date = AS_OF,
    engine: str = "local",
    model: str = REGISTRY.name,
    *,
    outcomes: OutcomeSource | None = None,
    with_margins: bool = False,
) -> Iterator[GatheredFacts]:
    """Yield the facts of a log."""
    question = Question(as_of, model, 365, outcomes, with_margins)
    with (
        open_decisions(str(place)) as reader,
        open_facts(reader, str(place), question, VersionFinder(), engine, "500MB") as facts,
    ):
        yield facts
