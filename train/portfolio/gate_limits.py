"""`GateLimits`: what a challenger must show to become champion, from `[gate]` of a portfolio."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.portfolio.section import SECTION, Seed, Share, rule

Confidence = Annotated[
    float, Field(strict=True, ge=0.5, lt=1), rule("must be 0.5 or more and less than 1")
]


@dataclass(frozen=True, slots=True, config=SECTION)
class GateLimits:
    """Limits of the gate; the description of each field says what it limits."""

    confidence: Confidence = Field(
        default=0.99,
        description="Confidence of the one-sided bound on the difference in cost per applicant.",
    )
    min_saving_ratio: Share = Field(
        default=0.0,
        description="Saving that the bound must show, as a share of the champion's cost per "
        "applicant.",
    )
    max_ece: Share = Field(
        default=0.05,
        description="Largest expected calibration error; the champion's own where that is larger.",
    )
    min_roc_auc: Share = Field(default=0.65, description="Smallest area under the ROC curve.")
    max_acceptance_change: Share = Field(
        default=0.10,
        description="Largest change of the share of accepted applicants, up or down.",
    )
    seed: Seed = Field(default=0, description="Seed of the bootstrap.")
