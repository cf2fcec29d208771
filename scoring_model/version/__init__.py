"""A registered version: its files and scorer, and how the server loads, copies and follows it."""

from scoring_model.version.artifacts import (
    EXAMPLE_FILE,
    SCORER_ARTIFACT,
    load_scorer,
    save_scorer,
)
from scoring_model.version.follower import Follower
from scoring_model.version.loading import LoadedModel, load_model
from scoring_model.version.reasons import (
    DEFAULT_TOP,
    LOWERS,
    NEITHER,
    RAISES,
    Explanation,
    choose_language,
    explain,
    label_of,
)
from scoring_model.version.scorer import Scorer
from scoring_model.version.timed_scoring import CURRENT_SCORING, TimedScoring

__all__ = [
    "CURRENT_SCORING",
    "DEFAULT_TOP",
    "EXAMPLE_FILE",
    "LOWERS",
    "NEITHER",
    "RAISES",
    "SCORER_ARTIFACT",
    "Explanation",
    "Follower",
    "LoadedModel",
    "Scorer",
    "TimedScoring",
    "choose_language",
    "explain",
    "label_of",
    "load_model",
    "load_scorer",
    "save_scorer",
]
