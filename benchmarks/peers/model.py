"""The model for the other servers: contract, booster and a pydantic class of an applicant."""

import os
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from pydantic import BaseModel, ConfigDict, create_model

from scoring_model.version import Scorer, load_scorer

SCORER: Scorer = load_scorer(Path(os.environ["MODEL_URI"]) / "artifacts" / "scorer")
BOOSTER = lightgbm.Booster(model_str=SCORER.booster.model_to_string())
_KINDS = {"number": float, "category": str}
_FIELDS: dict[str, Any] = {
    feature.name: (_KINDS[feature.kind], ...)
    if not feature.nullable
    else (_KINDS[feature.kind] | None, None)
    for feature in SCORER.contract.features
}
Applicant: type[BaseModel] = create_model(
    "Applicant", __config__=ConfigDict(extra="forbid"), **_FIELDS
)
_CODES = [f.codes() if f.kind == "category" else None for f in SCORER.contract.features]


def encode(applicant: BaseModel) -> list[float]:
    """Return an applicant as a row of numbers, in the simplest code."""
    row = []
    for (_, value), codes in zip(applicant, _CODES, strict=True):
        if value is None:
            row.append(np.nan)
        else:
            row.append(value if codes is None else codes.get(value, np.nan))
    return row


def answer(margin: float) -> dict[str, float]:
    """Return the answer for a margin (log-odds before calibration)."""
    probability = SCORER.policy.calibration.apply_one(float(margin))
    threshold = SCORER.policy.threshold
    return {
        "probability": probability,
        "score": int(probability < threshold),
        "threshold": threshold,
    }
