"""`AnswerSettings`: the `[answer]` section of a portfolio: what `/predict` answers in addition."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from scoring_model.contract import ANSWER_NAMES
from train.portfolio.sections.section import SECTION, Text, rule

AdditionNames = Annotated[
    tuple[Literal["decision", "model_version"], ...],
    rule("must be a list of 'decision' and 'model_version'"),
]


@dataclass(frozen=True, slots=True, config=SECTION)
class AnswerSettings:
    """What `/predict` answers in addition. The description of each field says what it adds."""

    include: AdditionNames = Field(
        default=(),
        description='Fields of the answer: `decision` ("accepted" or "refused") and '
        "`model_version`.",
    )
    reference: Text | None = Field(
        default=None,
        description="Name of a field that an applicant may carry, such as the number of the "
        "application. The answer repeats its value. It is never a feature.",
    )

    def __post_init__(self) -> None:
        if self.reference in ANSWER_NAMES:
            raise ValueError(
                f"reference = {self.reference!r} is a field of the answer already: take another "
                "name"
            )
        if len(set(self.include)) < len(self.include):
            raise ValueError("include must name each field once")
