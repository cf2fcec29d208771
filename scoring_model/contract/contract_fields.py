"""`ContractFields`: what a model takes, and its file `contract.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from scoring_model.contract.derivation import Derivation
from scoring_model.contract.documents import JsonFields, read_versioned
from scoring_model.contract.feature import Feature

# Code of older releases reads the first format only. The second one has dates, formulas, inputs and
# limits, the third one adds to the answer: a contract is written in the first one that has what it
# needs. Older code ignores the list of unread fields, and refuses these fields as it always did.
FIRST_FORMAT, SECOND_FORMAT, THIRD_FORMAT = 1, 2, 3
# beyond what training makes: rows that check a version stay small
MOST_FEATURES = 10_000
ADDITIONS = ("decision", "model_version")
ANSWER_NAMES = (
    *("probability", "score", "threshold", *ADDITIONS),
    *("warnings", "reasons", "base_value"),
)
"""Every field that an answer of `/predict` may have, without the reference."""
MOST_REFERENCE_CHARACTERS = 200
NOT_A_REFERENCE = (
    f"must be text of at most {MOST_REFERENCE_CHARACTERS} characters, or a whole number of at most "
    "64 bits"
)


def judge_reference(value: Any) -> str:
    """Return the rule that a caller's reference breaks; empty if it breaks none.

    Parameters
    ----------
    value : value
        As it was parsed from JSON.
    """
    if value is None:
        return ""
    if type(value) is str:
        return "" if len(value) <= MOST_REFERENCE_CHARACTERS else NOT_A_REFERENCE
    is_whole = type(value) is int and -(2**63) <= value < 2**64
    return "" if is_whole else NOT_A_REFERENCE


@dataclass(frozen=True, slots=True)
class AnswerFields:
    """What `/predict` answers in addition.

    Attributes
    ----------
    include : tuple of str
        Some of `ADDITIONS`.
    reference : str
        Name of a field that a request may carry and the answer repeats; empty for none.
    """

    include: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class ContractFields:
    """Names, order, kinds, categories and nullability of the features a model takes.

    Attributes
    ----------
    features : tuple of Feature
        In the order of the matrix columns.
    inputs : tuple of Feature
        Fields that a request carries and that are no features: formulas of features use them.
    decision_date : str
        Optional field with the day of the decision, from which dates are counted; empty if no
        feature uses dates. An applicant without it is decided today (UTC).
    ranges : mapping of str to tuple of float
        Least and most value of a feature that is not worth a remark; see `with_ranges`.
    unread : tuple of str
        Fields that a request may carry and that nothing reads, such as protected columns.
    answer : AnswerFields or None
        What `/predict` answers in addition; None for nothing.
    """

    features: tuple[Feature, ...]
    inputs: tuple[Feature, ...] = ()
    decision_date: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    answer: AnswerFields | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Feature names in the order of the matrix columns."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def fields(self) -> tuple[Feature, ...]:
        """What a request or a table carries: features without formula, inputs, decision date."""
        own = tuple(feature for feature in self.features if not feature.formula)
        day = (Feature(self.decision_date, "date", nullable=True),) if self.decision_date else ()
        return (*own, *self.inputs, *day)

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """The fields' names."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def unscored(self) -> tuple[str, ...]:
        """The fields that a request may carry and that are not scored."""
        reference = self.answer.reference if self.answer else ""
        return (*self.unread, reference) if reference else self.unread

    def keep_fields(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a valid applicant without what is not scored, and without missing values."""
        unscored = self.unscored
        return {k: v for k, v in record.items() if v is not None and k not in unscored}

    @cached_property
    def categorical_indices(self) -> tuple[int, ...]:
        """Matrix columns that hold category codes."""
        return tuple(i for i, feature in enumerate(self.features) if feature.kind == "category")

    @cached_property
    def derivation(self) -> Derivation | None:
        """What computes the matrix from the fields; None if they are the same.

        It raises `ValueError` if a formula is not valid.
        """
        has_computed = any(feature.formula or feature.kind == "date" for feature in self.features)
        if not (has_computed or self.inputs or self.decision_date):
            return None
        return Derivation(self.features, self.fields, self.decision_date, self.ranges)

    def with_all_nullable(self) -> Self:
        """Return the contract with every field optional, for old rows that may lack values."""
        features = tuple(replace(feature, nullable=True) for feature in self.features)
        inputs = tuple(replace(each, nullable=True) for each in self.inputs)
        return replace(self, features=features, inputs=inputs)

    def with_ranges(self, ranges: Mapping[str, tuple[float, float]]) -> Self:
        """Return the contract with a notice about numbers far outside of what training saw.

        Parameters
        ----------
        ranges : mapping of str to tuple of float
            Low and high value of a feature; of a date, in days before the decision. A number is
            remarked on if it is outside by more than the range's own width.
        """
        wide = {
            name: (low - (high - low), high + (high - low)) for name, (low, high) in ranges.items()
        }
        return replace(self, ranges=wide)

    def to_json(self) -> str:
        """Return the contract, without its ranges, as JSON text that `from_json` reads back."""
        is_new = self.derivation or any(field.has_limits for field in self.fields)
        version = SECOND_FORMAT if is_new else FIRST_FORMAT
        document: dict[str, Any] = {
            "format_version": THIRD_FORMAT if self.answer else version,
            "features": [feature.to_fields() for feature in self.features],
        }
        if self.inputs:
            document["inputs"] = [each.to_fields() for each in self.inputs]
        if self.decision_date:
            document["decision_date"] = self.decision_date
        if self.unread:
            document["unread"] = self.unread
        if self.answer:
            document["answer"] = asdict(self.answer)
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a contract from JSON; raises `ArtifactError` if a feature is not valid."""
        document = read_versioned(text, "contract.json", FIRST_FORMAT, SECOND_FORMAT, THIRD_FORMAT)
        given = document.values
        contract = cls(
            _read_features(document, "features"),
            _read_features(document, "inputs") if "inputs" in given else (),
            document.text("decision_date") if "decision_date" in given else "",
            unread=document.texts("unread") if "unread" in given else (),
            answer=_read_answer(document.part("answer")) if "answer" in given else None,
        )
        contract._require_valid(document)
        try:
            is_new = contract.derivation or any(each.has_limits for each in contract.fields)
        except ValueError as error:
            raise document.refuse(str(error)) from error
        if is_new and given["format_version"] == FIRST_FORMAT:
            raise document.refuse(
                f"dates, formulas, inputs and limits need format_version {SECOND_FORMAT}"
            )
        if contract.answer and given["format_version"] != THIRD_FORMAT:
            raise document.refuse(f"answer needs format_version {THIRD_FORMAT}")
        return contract

    def _require_valid(self, document: JsonFields) -> None:
        """Raise `ArtifactError` if the features and inputs do not fit together."""
        if not self.features or len(self.features) + len(self.inputs) > MOST_FEATURES:
            raise document.refuse(f"there must be from 1 to {MOST_FEATURES} features")
        if any(each.formula for each in self.inputs):
            raise document.refuse("an input must have no formula")
        if not self.fields:
            raise document.refuse("there must be a feature without a formula")
        names = {*self.names, *self.field_names}
        if len(names) < len(self.fields) + sum(bool(feature.formula) for feature in self.features):
            raise document.refuse("each feature must have a name of its own")
        if names.intersection(self.unscored) or len(set(self.unscored)) < len(self.unscored):
            raise document.refuse("a field that is not scored must have a name of its own")


def _read_features(document: JsonFields, key: str) -> tuple[Feature, ...]:
    return tuple(map(Feature.from_fields, document.parts(key)))


def _read_answer(fields: JsonFields) -> AnswerFields:
    include, reference = fields.texts("include"), fields.values.get("reference")
    if not set(include) <= set(ADDITIONS):
        raise fields.refuse(f"include must hold {' or '.join(ADDITIONS)} only")
    if type(reference) is not str or reference in ANSWER_NAMES:
        raise fields.refuse("reference must be text, and no other field of the answer")
    return AnswerFields(include, reference)
