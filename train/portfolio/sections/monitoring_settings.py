"""`MonitoringSettings`: the `[monitoring]` section of a portfolio."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.portfolio.sections.gate_limits import Confidence
from train.portfolio.sections.section import SECTION, Text, rule

Days = Annotated[int, Field(strict=True, ge=1), rule("must be a whole number of days, 1 or more")]
# a profile has nothing about fewer applicants either
GroupSize = Annotated[int, Field(strict=True, ge=20), rule("must be a whole number, 20 or more")]
Ratio = Annotated[
    float, Field(strict=True, ge=0, allow_inf_nan=False), rule("must be a number, 0 or more")
]
FalseAlarms = Annotated[
    float, Field(strict=True, gt=0, le=0.1), rule("must be more than 0 and at most 0.1")
]


@dataclass(frozen=True, slots=True, config=SECTION)
class MonitoringSettings:
    """When an outcome counts, and when an alarm rings. The description of each field says more."""

    maturity_days: Days = Field(
        default=365,
        description="Age of a decision, in days, from which 'repaid so far' counts as repaid.",
    )
    outcome_date: Text | None = Field(
        default=None,
        description="Column of the training table with the day on which a default became known. "
        "From it, each version learns the share of the defaults that is known at each age. It is "
        "never a feature, and needs `[portfolio] decision_date`.",
    )
    min_decisions: GroupSize = Field(
        default=100,
        description="Smallest number of decisions that is judged. A month with fewer is shown, and "
        "rings no alarm.",
    )
    min_psi: Ratio = Field(
        default=0.1,
        description="Smallest PSI (population stability index) that rings the alarm of drift. A "
        "smaller one is not worth an alarm, even if it is not chance.",
    )
    max_false_alarms: FalseAlarms = Field(
        default=0.05,
        description="Largest share of months with an alarm of drift if nothing has changed, over "
        "all features together: more than 0 and at most 0.1.",
    )
    confidence: Confidence = Field(
        default=0.99,
        description="Confidence with which outcomes must be worse than expected to ring an alarm. "
        "It is 0.5 or more and less than 1.",
    )
    min_excess: Ratio = Field(
        default=0.1,
        description="Smallest excess of defaults or of cost over what was expected that rings an "
        "alarm, as a share of what was expected.",
    )
