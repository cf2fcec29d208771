"""A registered version: its files and scorer, and how the server loads, copies and follows it."""

from scoring_model.version.artifacts import (
    EXAMPLE_FILE,
    SCORER_ARTIFACT,
    load_scorer,
    make_scorer,
    read_artifacts,
    save_scorer,
)
from scoring_model.version.checks import check_scorer
from scoring_model.version.content import VersionContent, read_version
from scoring_model.version.follower import Follower
from scoring_model.version.loading import (
    LoadedModel,
    fetch_content,
    load_model,
    make_model,
    signature_of,
)
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
    "VersionContent",
    "check_scorer",
    "choose_language",
    "explain",
    "fetch_content",
    "label_of",
    "load_model",
    "load_scorer",
    "make_model",
    "make_scorer",
    "read_artifacts",
    "read_version",
    "save_scorer",
    "signature_of",
]
