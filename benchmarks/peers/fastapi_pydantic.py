"""FastAPI, pydantic and `Booster.predict`: the usual design of such a service."""

from typing import Any

import numpy as np
from fastapi import FastAPI

from benchmarks.peers.model import BOOSTER, Applicant, answer, encode

app = FastAPI()


@app.post("/predict")
async def predict(applicant: Applicant) -> dict[str, Any]:  # type: ignore[valid-type]
    """Score one applicant."""
    return answer(BOOSTER.predict(np.array([encode(applicant)]), raw_score=True)[0])
