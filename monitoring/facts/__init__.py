"""Counts a decision log and its outcomes by month, in DuckDB or on Spark."""

from monitoring.facts.decision_facts import (
    BinCounts,
    DecisionSums,
    FeatureBins,
    JudgedVersion,
    RecalibratedSums,
    RequestCounts,
)
from monitoring.facts.extraction import PROBABILITY
from monitoring.facts.facts import Facts
from monitoring.facts.gathering import GatheredFacts, Question, open_facts
from monitoring.facts.outcome_facts import (
    Band,
    FitCells,
    OutcomeFacts,
    OutcomeProblem,
    OutcomeSums,
    Ranking,
    VintagePoint,
)
from monitoring.facts.outcome_table import OutcomeSource
from monitoring.facts.tables import FactTables

__all__ = [
    "PROBABILITY",
    "Band",
    "BinCounts",
    "DecisionSums",
    "FactTables",
    "Facts",
    "FeatureBins",
    "FitCells",
    "GatheredFacts",
    "JudgedVersion",
    "OutcomeFacts",
    "OutcomeProblem",
    "OutcomeSource",
    "OutcomeSums",
    "Question",
    "Ranking",
    "RecalibratedSums",
    "RequestCounts",
    "VintagePoint",
    "open_facts",
]
