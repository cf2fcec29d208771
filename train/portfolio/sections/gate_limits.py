"""`GateLimits`: the `[gate]` section of a portfolio.

The gate decides whether a challenger (a new version) replaces the champion (the one in production).
"""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.portfolio.sections.section import SECTION, Seed, Share, rule

Confidence = Annotated[
    float, Field(strict=True, ge=0.5, lt=1), rule("must be 0.5 or more and less than 1")
]


@dataclass(frozen=True, slots=True, config=SECTION)
class GateLimits:
    """Limits of the gate. The description of each field says what it limits."""

    confidence: Confidence = Field(
        default=0.99,
        description="Confidence with which the challenger must be cheaper than the champion. It is "
        "the level of the one-sided bootstrap bound on the difference in cost per applicant. It is "
        "0.5 or more and less than 1.",
    )
    min_saving_ratio: Share = Field(
        default=0.0,
        description="Smallest saving that the challenger must show with this `confidence`, as a "
        "share of the champion's cost per applicant, in [0, 1). With 0 any saving is enough.",
    )
    max_ece: Share = Field(
        default=0.05,
        description="Largest expected calibration error (ECE) of the challenger, in [0, 1). If the "
        "champion's own error is larger, that error is the limit.",
    )
    min_roc_auc: Share = Field(
        default=0.65,
        description="Smallest area under the ROC curve of the challenger, in [0, 1).",
    )
    max_acceptance_change: Share = Field(
        default=0.10,
        description="Largest difference between the acceptance rates of challenger and champion, "
        "up or down, as a share of all applicants in [0, 1). If the costs of a wrong decision "
        "changed, the champion counts with the theoretical threshold of the new costs.",
    )
    seed: Seed = Field(
        default=0,
        description="Seed of the bootstrap: a whole number, 0 or more. The same seed gives the "
        "same result.",
    )
