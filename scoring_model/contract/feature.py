"""`Feature`: one input of a model, and the codes of its levels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# the levels of a yes/no category, and the JSON values that stand for them
YES_NO = {"true": True, "false": False}

Kind = Literal["number", "category"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its name, kind, nullability and, for a category, its levels.

    Attributes
    ----------
    name : str
        Column name and JSON field.
    kind : {"number", "category"}
        A yes/no feature is a category with the levels `true` and `false`.
    nullable : bool
        Whether null or absent means missing; otherwise the field is required.
    levels : tuple of str
        Levels with a code of their own; level `i` is encoded as `float(i)`.
    rare_levels : tuple of str
        Levels too rare in training for a code of their own; all share `float(len(levels))`.
    labels : mapping of str to str
        The feature's name for people, by language (`en`, `fr`).
    """

    name: str
    kind: Kind
    nullable: bool
    levels: tuple[str, ...] = ()
    rare_levels: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def codes(self) -> dict[str | bool, float]:
        """Return the code of every level; `true` and `false` also have True and False as keys."""
        codes: dict[str | bool, float] = dict.fromkeys(self.rare_levels, float(len(self.levels)))
        codes.update({level: float(code) for code, level in enumerate(self.levels)})
        yes_no = {value: codes[text] for text, value in YES_NO.items() if text in codes}
        return codes | yes_no

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "Feature":
        """Read a feature from the JSON object that `dataclasses.asdict` makes of it."""
        return cls(
            name=fields["name"],
            kind=fields["kind"],
            nullable=fields["nullable"],
            levels=tuple(fields["levels"]),
            rare_levels=tuple(fields["rare_levels"]),
            labels=fields["labels"],
        )
