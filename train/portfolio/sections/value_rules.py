"""`[limits]` and `[derive]` of a portfolio: values to refuse, and features that are computed."""

import math
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from scoring_model.expressions import Expression
from train.portfolio.sections.section import SECTION, rule

Number = Annotated[float, Field(allow_inf_nan=False), rule("must be a number")]


@dataclass(frozen=True, slots=True, config=SECTION)
class Limit:
    """The least and the most value of a number; a request beyond them is refused."""

    min: Number = Field(default=-math.inf, description="Least value that is accepted.")
    max: Number = Field(default=math.inf, description="Most value that is accepted.")

    def __post_init__(self) -> None:
        if self.min == -math.inf and self.max == math.inf:
            raise ValueError("must have min, max or both")
        if not self.min <= self.max:
            raise ValueError(f"min must be at most max, got {self.min:g} and {self.max:g}")


def _check_formula(text: str) -> str:
    expression = Expression(text)
    if not expression.columns:
        raise ValueError(f"must use at least one column, got {text!r}")
    return text


Formula = Annotated[
    str, Field(strict=True), rule("must be an expression as text"), AfterValidator(_check_formula)
]
