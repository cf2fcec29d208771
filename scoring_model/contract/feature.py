"""`Feature`: one input of a model, and the codes of its levels."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

from scoring_model.contract.documents import JsonFields
from scoring_model.contract.value_rule import ValueRule

# the levels of a yes/no category, and the JSON values that stand for them
YES_NO = {"true": True, "false": False}

Kind = Literal["number", "category", "date"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature, or one field of a request: its name, kind, nullability, levels and limits.

    Attributes
    ----------
    name : str
        Column name and JSON field.
    kind : {"number", "category", "date"}
        A yes/no feature is a category with the levels `true` and `false`. A date counts as the days
        from it to the decision.
    nullable : bool
        Whether null or absent means missing; otherwise the field is required.
    levels : tuple of str
        Levels with a code of their own; level `i` is encoded as `float(i)`.
    rare_levels : tuple of str
        Levels too rare in training for a code of their own; all share `float(len(levels))`.
    labels : mapping of str to str
        The feature's name for people, by language (`en`, `fr`).
    formula : str
        How the feature is computed from fields of the same applicant (see `Expression`); empty for
        a feature that is a field itself.
    minimum, maximum : float
        Least and most value of a number; a value beyond them is refused.
    """

    name: str
    kind: Kind
    nullable: bool
    levels: tuple[str, ...] = ()
    rare_levels: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    formula: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf

    @property
    def is_yes_no(self) -> bool:
        """Whether it is a category with no other levels than true and false."""
        levels = {*self.levels, *self.rare_levels}
        return self.kind == "category" and bool(levels) and levels <= set(YES_NO)

    def make_rule(self, usual: tuple[float, float] | None = None) -> ValueRule:
        """Return the rule for the values of this field.

        Parameters
        ----------
        usual : tuple of float, optional
            Least and most value of a number that is not worth a remark.
        """
        limits = float(self.minimum), float(self.maximum)
        if self.kind != "number":
            codes = self.codes() if self.kind == "category" else {}
            return ValueRule("yes/no" if self.is_yes_no else self.kind, self.nullable, codes)
        return ValueRule("number", self.nullable, {}, *limits, *(usual or ()))

    def codes(self) -> dict[str | bool, float]:
        """Return the code of every level; `true` and `false` also have True and False as keys."""
        codes: dict[str | bool, float] = dict.fromkeys(self.rare_levels, float(len(self.levels)))
        codes.update({level: float(code) for code, level in enumerate(self.levels)})
        yes_no = {value: codes[text] for text, value in YES_NO.items() if text in codes}
        return codes | yes_no

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object that `from_fields` reads; what is not used is left out."""
        fields = asdict(self)
        for name in ("formula", "minimum", "maximum"):
            if fields[name] in ("", -math.inf, math.inf):
                del fields[name]
        return fields

    def count_codes(self) -> int:
        """Return how many codes the feature has; 0 for a number."""
        return len(self.levels) + bool(self.rare_levels)

    @property
    def has_limits(self) -> bool:
        """Whether a number may be refused because it is too small or too large."""
        return math.isfinite(self.minimum) or math.isfinite(self.maximum)

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "Feature":
        """Read a feature from the JSON object that `to_fields` makes of it.

        It raises `ArtifactError` if a value is not valid.
        """
        kind = fields.text("kind")
        given = fields.values
        feature = cls(
            name=fields.text("name"),
            kind=cast("Kind", kind),
            nullable=fields.flag("nullable"),
            levels=fields.texts("levels"),
            rare_levels=fields.texts("rare_levels"),
            labels=fields.named_texts("labels"),
            formula=fields.text("formula") if "formula" in given else "",
            minimum=fields.number("minimum") if "minimum" in given else -math.inf,
            maximum=fields.number("maximum") if "maximum" in given else math.inf,
        )
        levels = (*feature.levels, *feature.rare_levels)
        if kind not in get_args(Kind) or (kind != "category" and levels):
            raise fields.refuse("kind must be category, or number or date without levels")
        if len(set(levels)) < len(levels):
            raise fields.refuse("each level must be listed once")
        if feature.has_limits and (kind != "number" or feature.formula):
            raise fields.refuse("only a number that is no formula may have limits")
        if feature.minimum > feature.maximum:
            raise fields.refuse("minimum must be at most maximum")
        if feature.formula and (kind != "number" or not feature.nullable):
            raise fields.refuse("a formula must give a number that may be missing")
        return feature
