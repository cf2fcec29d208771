"""A champion in a real store, and decisions whose true log-odds are known."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from monitoring.facts import Facts, JudgedVersion
from monitoring.recalibration import find_recalibration, recalibrate_champion
from scoring_model.policy import refuse, scaled_thresholds
from scoring_model.profile import KnownDefaults
from scoring_model.version import LoadedModel, Scorer, load_model
from tests.train.versions import DEFAULT, make_scorer
from train.data import PortfolioData, make_profile

AS_OF = datetime.date(2007, 1, 1)
FIRST_DAY = np.datetime64("2004-01-01")
DAYS = 600
# at the age of the decisions, from 486 to 1,096 days, 0.86 to 1 of the defaults are known
KNOWN = KnownDefaults((300.0, 900.0), (0.8, 1.0))
# and here 0.47 to 1
LATE = KnownDefaults((400.0, 1100.0), (0.4, 1.0))


@dataclass(frozen=True, slots=True)
class PlantedLog:
    """Implements `RowSource` by tables in memory.

    Attributes
    ----------
    facts : Facts
    decisions, outcomes : mapping of str to pyarrow.Table
        By manifest.
    """

    facts: Facts
    decisions: Mapping[str, pa.Table]
    outcomes: Mapping[str, pa.Table]

    def decision_rows(self, manifests: Collection[str]) -> pa.Table:
        """Return all decisions of some versions."""
        return pa.concat_tables([self.decisions[m] for m in manifests])

    def outcome_rows(self, manifests: Collection[str]) -> pa.Table:
        """Return the accepted decisions of some versions."""
        return pa.concat_tables([self.outcomes[m] for m in manifests]).sort_by("day")


def with_profile(scorer: Scorer, data: PortfolioData) -> Scorer:
    """Return a scorer with a profile that knows when defaults become known."""
    profile = make_profile(data.train, scorer.contract)
    return replace(scorer, profile=replace(profile, known_defaults=KNOWN))


def make_champion(data: PortfolioData) -> Scorer:
    """Return the champion: its map leaves the margins as they are."""
    return with_profile(make_scorer(data, trees=60), data)


def champion() -> LoadedModel:
    """Load the champion as a server does."""
    return load_model(DEFAULT.champion_uri)


def plant(
    data: PortfolioData,
    *versions: LoadedModel,
    rows: int = 20_000,
    slope: float = 1.0,
    intercept: float = 0.0,
    seed: int = 0,
    known: KnownDefaults = KNOWN,
) -> PlantedLog:
    """Let versions decide applicants whose log-odds are `slope * margin + intercept`."""
    made = [
        _decide(data, version.scorer, rows, (slope, intercept), seed + number, known)
        for number, version in enumerate(versions)
    ]
    names = [version.name.manifest for version in versions]
    judged = {v.name.manifest: JudgedVersion(v.name, v.scorer, "", ()) for v in versions}
    facts = Facts(AS_OF, judged, (), (), (), 0, None)
    decisions, outcomes = zip(*made, strict=True)
    return PlantedLog(
        facts,
        dict(zip(names, decisions, strict=True)),
        dict(zip(names, outcomes, strict=True)),
    )


def _decide(
    data: PortfolioData,
    scorer: Scorer,
    rows: int,
    line: tuple[float, float],
    seed: int,
    known: KnownDefaults,
) -> tuple[pa.Table, pa.Table]:
    rng = np.random.default_rng(seed)
    matrix = data.train.matrix[rng.integers(0, len(data.train.matrix), rows)]
    margin = scorer.predict_margins(matrix)
    day = np.sort(FIRST_DAY + rng.integers(0, DAYS, rows))
    policy = scorer.policy
    if policy.loan_costs is None:
        costs = tuple(
            np.full(rows, each) for each in (policy.false_negative_cost, policy.false_positive_cost)
        )
        threshold = np.full(rows, policy.threshold)
    else:
        costs = policy.loan_costs.costs(matrix, scorer.contract.names)
        threshold = scaled_thresholds(*costs, policy.loan_costs.factor)
    probability = policy.calibration.apply(margin)
    accepted = ~refuse(probability, threshold)
    share = known.share_at((np.datetime64(AS_OF) - day).astype(float))
    defaulted = rng.random(rows) < share / (1.0 + np.exp(-(line[0] * margin + line[1])))
    decisions = pa.table(
        {
            "day": day,
            "margin": margin,
            "probability": probability,
            "threshold": threshold,
            "score": accepted.astype(np.int32),
            "false_negative_cost": costs[0],
            "false_positive_cost": costs[1],
        }
    )
    outcomes = decisions.append_column("share", pa.array(share)).append_column(
        "defaulted", pa.array(defaulted.astype(np.int32))
    )
    return decisions, outcomes.filter(pa.array(accepted))


def recalibrate(log: PlantedLog, said: list[str], as_of: str = AS_OF.isoformat()) -> int:
    """Recalibrate the champion in the active run; return the number of the version."""
    return recalibrate_champion(
        find_recalibration(DEFAULT.name, "", datetime.date.fromisoformat(as_of)), log, said.append
    )
