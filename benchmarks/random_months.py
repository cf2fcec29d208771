"""`count_false_alarms`: how often monitoring rings on real loans in months of random order."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import orjson
import pandas as pd

from monitoring.decisions import VersionFinder, open_decisions
from monitoring.facts import Question, open_facts
from monitoring.findings import judge_facts
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues, open_log
from scoring_model.version import LoadedModel, Scorer, load_model
from train.data import LabelledRows, make_profile, profile_decisions, profile_number
from train.portfolio import Costs
from train.portfolio.sections import MonitoringSettings
from train.promotion import DEFAULT_MODEL
from train.tracking import log_scorer

AS_OF = date(2008, 1, 31)
# without a floor, and with that of a portfolio that names none
FLOORS = (0.0, MonitoringSettings().min_psi)


def count_false_alarms(
    loans: pd.DataFrame, version: int, orders: int, say: Callable[[str], None]
) -> None:
    """Print in how many months drift rings if the months are in random order.

    For each order, one half of the loans, drawn at random, takes the place of the training: the
    version gets its profile. The other half gets the days of decision of these loans in random
    order. So every month has the same distribution as the profile.

    Parameters
    ----------
    loans : DataFrame
        As in `portfolios/sba/later_loans.parquet`.
    version : int
        Number of the version that decides.
    orders : int
        Number of random orders.
    say : callable
        Called with each line.
    """
    model = load_model(f"models:/{DEFAULT_MODEL}/{version}")
    rng, half = np.random.default_rng(0), len(loans) // 2
    tracking = mlflow.get_tracking_uri()
    with tempfile.TemporaryDirectory() as name:
        try:
            mlflow.set_tracking_uri(f"sqlite:///{name}/mlflow.db")
            mlflow.set_experiment("random months")
            rung, months = Counter[float](), 0
            for number in range(orders):
                place, order = Path(name) / str(number), rng.permutation(len(loans))
                uri = log_twin(model, loans.iloc[order[:half]])
                write_months(place, load_model(uri), loans.iloc[order[half:]], rng)
                found, judged_months = ring(place, uri)
                rung, months = rung + found, months + judged_months
            for least in FLOORS:
                say(
                    f"months in random order, PSI of at least {least}: "
                    f"{rung[least]} of {months} months ring ({rung[least] / months:.1%})"
                )
        finally:
            mlflow.set_tracking_uri(tracking)


def log_twin(model: LoadedModel, loans: pd.DataFrame) -> str:
    """Log the version again, with a profile of other loans; return its URI."""
    scorer: Scorer = model.scorer
    contract = scorer.contract.with_all_nullable()
    matrix = contract.encode_frame(loans).matrix
    decided = scorer.decide(scorer.predict_margins(matrix), matrix)
    y = loans["defaulted"].to_numpy(np.int8)
    costs = Costs(scorer.policy.false_negative_cost, scorer.policy.false_positive_cost)
    profile = replace(
        make_profile(LabelledRows(loans, matrix, y), contract),
        probability=profile_number("probability", decided.probability),
        expected=profile_decisions(
            decided.probability, decided.score == 0, costs.of_rows(len(loans))
        ),
    )
    with mlflow.start_run():
        return log_scorer(replace(scorer, profile=profile), model.example)


def write_months(
    place: Path, model: LoadedModel, loans: pd.DataFrame, rng: np.random.Generator
) -> None:
    """Log decisions about loans, with their days of decision in random order."""
    contract = model.scorer.contract
    days = rng.permutation(loans["approval_date"].dt.strftime("%Y-%m-%d").to_numpy())
    applicants = [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in loans[list(contract.field_names)].astype(object).to_dict("records")
    ]
    answers = model.scorer.score_frame(loans).answers()
    open_log(place)
    writer, values = LogWriter(place), PersonalValues(None)
    origin = Origin(model.name, "batch", None)
    for applicant, answer, day in zip(applicants, answers, days, strict=True):
        text = values.write(orjson.dumps(applicant))
        writer.add(origin, NewDecision(**answer, values=text, decided_on=day))
    writer.commit()
    writer.close()


def ring(place: Path, uri: str) -> tuple[Counter[float], int]:
    """Return how many months of a log ring for each floor of the PSI, and how many are judged."""
    question = Question(AS_OF, "", MonitoringSettings().maturity_days)
    rung: Counter[float] = Counter()
    with (
        open_decisions(str(place)) as reader,
        open_facts(reader, str(place), question, VersionFinder(uri), "local", "1GB") as gathered,
    ):
        for least in FLOORS:
            settings = MonitoringSettings(min_psi=least)
            found = judge_facts(gathered.facts, settings, gathered.model, gathered.recalibrate)
            judged = [month for month in found.drift if month.features]
            rung[least] = sum(any(f.rings for f in month.features) for month in judged)
    return rung, len(judged)
