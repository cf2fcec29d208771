"""FastAPI, pydantic and `Booster.predict`: a common design of a scoring service."""

from typing import Any

import numpy as np
from fastapi import FastAPI

from benchmarks.peers.model import BOOSTER, Applicant, answer, encode

app = FastAPI()


@app.post("/predict")
async def predict(applicant: Applicant) -> dict[str, Any]:  # type: ignore[valid-type]
    """Score one applicant."""
    return answer(BOOSTER.predict(np.array([encode(applicant)]), raw_score=True)[0])
