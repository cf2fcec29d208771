"""`ModelSettings`: the `[model]` section of a portfolio, and the directions under `[monotone]`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from train.portfolio.sections.boosting_rules import check_fixed, check_ranges
from train.portfolio.sections.section import SECTION, rule

Direction = Annotated[
    Literal["increasing", "decreasing"], rule("must be 'increasing' or 'decreasing'")
]
MeasureName = Literal["cost", "log_loss", "auc"]
Measure = Annotated[MeasureName, rule("must be 'cost', 'log_loss' or 'auc'")]
TreatmentName = Annotated[
    Literal["none", "class_weight", "under", "over", "smotenc"],
    rule("must be none, class_weight, under, over or smotenc"),
]
FeatureCount = Annotated[int, Field(strict=True, ge=1), rule("must be a whole number, 1 or more")]
_Number = Annotated[float, Field(strict=True)]
_Fixed = Annotated[
    Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | _Number,
    rule("must be a number, true or false"),
]
_Range = Annotated[
    tuple[_Number, _Number], rule("must be the lowest and the highest value, such as [2, 31]")
]


@dataclass(frozen=True, slots=True, config=SECTION)
class ModelSettings:
    """How the model is searched. The description of each field says what it sets."""

    fixed: Annotated[dict[str, _Fixed], AfterValidator(check_fixed)] = Field(
        default={},
        description="Parameters of LightGBM that every trial has, such as `max_depth = 4`. They "
        "are not searched. An alias counts as the parameter that it stands for.",
    )
    ranges: Annotated[dict[str, _Range], AfterValidator(check_ranges)] = Field(
        default={},
        description="Lowest and highest value of a parameter of the search, such as "
        "`num_leaves = [2, 12]`.",
    )
    treatments: tuple[TreatmentName, ...] = Field(
        default=(),
        description="Treatments of the class imbalance that the search may choose. Without the "
        "key it may choose all.",
    )
    max_features: FeatureCount | None = Field(
        default=None,
        description="Largest number of features. The best ones are chosen on held-out training "
        "rows, before the search. A request then needs these only.",
    )
    measure: Measure = Field(
        default="cost",
        description="What the search minimises on held-out rows: the `cost` of decisions, the "
        "`log_loss` of calibrated probabilities, or 1 - `auc`. Calibration map and threshold are "
        "chosen by cost in any case.",
    )

    def __post_init__(self) -> None:
        for name in self.fixed:
            if name in self.ranges:
                raise ValueError(f"fixed and ranges both name {name}: keep one of them")
