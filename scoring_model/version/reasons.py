"""`explain`: what each feature adds to an applicant's log-odds, as reasons for people to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scoring_model.contract import Feature
from scoring_model.types import FloatArray
from scoring_model.version.scorer import Scorer

LANGUAGES = ("en", "fr")
DEFAULT_TOP = 4
RAISES, LOWERS, NEITHER = "raises_risk", "lowers_risk", "neither"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which reasons a request asks for.

    Attributes
    ----------
    top : int or None
        Maximum number of reasons per applicant; None for all features and the base value.
    language : {"en", "fr"}
    """

    top: int | None = DEFAULT_TOP
    language: str = "en"


def explain(
    scorer: Scorer, matrix: FloatArray, scores: Sequence[int], explanation: Explanation
) -> list[dict[str, Any]]:
    """Return the reasons to add to each applicant's answer.

    Parameters
    ----------
    scorer : Scorer
    matrix : ndarray of float64, shape (rows, features)
        Encoded applicants.
    scores : sequence of int
        1 = accepted, 0 = refused.
    explanation : Explanation

    Returns
    -------
    list of dict
        One per applicant, with `reasons`, the largest contribution first. A reason has feature,
        label, contribution (log-odds before calibration; above 0 raises the risk) and direction.
        A refused applicant gets only reasons that raise the risk. With `top=None`, every applicant
        gets all features and `base_value`, and their sum is the raw log-odds [1]_.

    References
    ----------
    .. [1] S. Lundberg, G. Erion, S.-I. Lee, Consistent individualized feature attribution for
       tree ensembles, 2018, as LightGBM computes it.
    """
    contributions = scorer.predict_contributions(matrix)
    features = scorer.contract.features
    answers = []
    for row, score in zip(contributions, scores, strict=True):
        values = row[:-1].tolist()
        if explanation.top is None:
            chosen = sorted(range(len(values)), key=lambda index: -abs(values[index]))
        else:
            chosen = _choose(values, score, explanation.top)
        reasons = [_reason(features[i], values[i], explanation.language) for i in chosen]
        answer: dict[str, Any] = {"reasons": reasons}
        if explanation.top is None:
            answer["base_value"] = float(row[-1])
        answers.append(answer)
    return answers


def _choose(values: Sequence[float], score: int, top: int) -> list[int]:
    """Return the features that contribute most; for a refusal, only those that raise the risk."""
    if score == 0:
        raising = [index for index, value in enumerate(values) if value > 0.0]
        return sorted(raising, key=lambda index: -values[index])[:top]
    acting = [index for index, value in enumerate(values) if value != 0.0]
    return sorted(acting, key=lambda index: -abs(values[index]))[:top]


def _reason(feature: Feature, contribution: float, language: str) -> dict[str, Any]:
    direction = RAISES if contribution > 0.0 else LOWERS if contribution < 0.0 else NEITHER
    return {
        "feature": feature.name,
        "label": label_of(feature, language),
        "contribution": contribution,
        "direction": direction,
    }


def label_of(feature: Feature, language: str) -> str:
    """Return a feature's label in the language, else in English, else the feature's name."""
    return feature.labels.get(language) or feature.labels.get("en") or feature.name


def choose_language(header: bytes | None) -> str:
    """Return the language that an `Accept-Language` header prefers, or English if none fits."""
    best, language = 0.0, LANGUAGES[0]
    for part in (header or b"").decode("latin-1").lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        known = tag.partition("-")[0].strip()
        weight = _read_quality(quality)
        if known in LANGUAGES and weight > best:
            best, language = weight, known
    return language


def _read_quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
