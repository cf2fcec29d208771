"""`Feature`: one input of a model, and the codes of its levels."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

from scoring_model.contract.versioned import JsonFields

# the levels of a yes/no category, and the JSON values that stand for them
YES_NO = {"true": True, "false": False}

# beyond what training makes: rows that check a version stay small
MOST_FEATURES = 10_000

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

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "Feature":
        """Read a feature from the JSON object that `dataclasses.asdict` makes of it.

        It raises `ArtifactError` if a value is not valid.
        """
        kind = fields.text("kind")
        feature = cls(
            name=fields.text("name"),
            kind=cast("Kind", kind),
            nullable=fields.flag("nullable"),
            levels=fields.texts("levels"),
            rare_levels=fields.texts("rare_levels"),
            labels=fields.named_texts("labels"),
        )
        levels = (*feature.levels, *feature.rare_levels)
        if kind not in get_args(Kind) or (kind == "number" and levels):
            raise fields.refuse("kind must be category, or number without levels")
        if len(set(levels)) < len(levels):
            raise fields.refuse("each level must be listed once")
        return feature


def read_features(document: JsonFields) -> tuple[Feature, ...]:
    """Read the features of a contract; raises `ArtifactError` if one is not valid."""
    features = tuple(map(Feature.from_fields, document.parts("features")))
    if not 0 < len(features) <= MOST_FEATURES:
        raise document.refuse(f"there must be from 1 to {MOST_FEATURES} features")
    if len({feature.name for feature in features}) < len(features):
        raise document.refuse("each feature must have a name of its own")
    return features
