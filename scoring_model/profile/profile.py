"""`Profile`: bins, shares and ranges of a version's training rows, kept as `profile.json`."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from scoring_model.contract import JsonFields, read_versioned
from scoring_model.errors import ArtifactError
from scoring_model.profile.expected_decisions import ExpectedDecisions
from scoring_model.profile.known_defaults import KnownDefaults

FORMAT_VERSION = 1
PROFILE_FILE = "profile.json"
# nothing in a profile is about fewer applicants than this
LEAST_ROWS = 20
# with fewer values, the 20 lowest and the 20 highest are more than a fifth of them
LEAST_RANGE_ROWS = 200
# shares are rounded to four decimals, so a sum of many may be off by a little
_MOST_SUM = 1.01
_MOST_ROWS = 2**53


@dataclass(frozen=True, slots=True)
class NumberProfile:
    """A number, date or derived feature in the training rows, by its value in the matrix.

    Attributes
    ----------
    name : str
        Name of the feature.
    edges : tuple of float
        Inner edges of the bins, ascending. Bin `i` holds `edges[i - 1] <= value < edges[i]`; the
        first and the last bin are open.
    shares : tuple of float
        Share of each bin among the rows with a value, one more than `edges`. Each bin holds at
        least `LEAST_ROWS` rows. Empty if fewer rows have a value.
    missing : float
        Share of the rows without a value: 0 if these are fewer than `LEAST_ROWS`, and 1 if fewer
        rows than that have a value.
    low, high : float or None
        The 20th lowest and the 20th highest value; None with fewer than `LEAST_RANGE_ROWS` values.
    """

    name: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    missing: float
    low: float | None
    high: float | None

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "NumberProfile":
        """Read one from its JSON object; raises `ArtifactError` if a value is not valid."""
        edges, shares = fields.numbers("edges"), fields.numbers("shares")
        if not all(low < high for low, high in pairwise((float("-inf"), *edges, float("inf")))):
            raise fields.refuse("edges must be finite and ascend")
        _check_shares(fields, shares)
        if len(shares) != (len(edges) + 1 if shares else 0) or (edges and not shares):
            raise fields.refuse("there must be one share more than edges")
        missing = fields.number("missing", 0.0, 1.0)
        low = high = None
        if fields.values.get("low") is not None:
            low = fields.number("low")
            high = fields.number("high", low)
        return cls(fields.text("name"), edges, shares, missing, low, high)


@dataclass(frozen=True, slots=True)
class CategoryProfile:
    """A category in the training rows.

    Attributes
    ----------
    name : str
        Name of the feature.
    levels : mapping of str to float
        Share of a level among the rows with a value, for levels with at least `LEAST_ROWS` rows.
    rest : float
        Share of all other levels together: 0, or at least `LEAST_ROWS` rows.
    missing : float
        Share of the rows without a value, as in `NumberProfile`.
    """

    name: str
    levels: Mapping[str, float]
    rest: float
    missing: float

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "CategoryProfile":
        """Read one from its JSON object; raises `ArtifactError` if a value is not valid."""
        levels = fields.part("levels")
        shares = {level: levels.number(level, 0.0, 1.0) for level in levels.values}
        rest = fields.number("rest", 0.0, 1.0)
        _check_shares(fields, (*shares.values(), rest))
        return cls(fields.text("name"), shares, rest, fields.number("missing", 0.0, 1.0))


_OPTIONAL_PARTS: dict[str, Callable[[JsonFields], Any]] = {
    "probability": NumberProfile.from_fields,
    "expected": ExpectedDecisions.from_fields,
    "known_defaults": KnownDefaults.from_fields,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a version keeps of its training rows; nothing in it is about fewer than 20 applicants.

    The file may have parts that this code does not know: they are left alone. A part that the file
    lacks is empty here, and named in `absent` if each version should have it.

    Attributes
    ----------
    rows : int
        Number of training rows.
    numbers : tuple of NumberProfile
    categories : tuple of CategoryProfile
    absent : tuple of str
        Which of these two parts the file lacks.
    probability : NumberProfile, optional
        The probabilities of held-out training rows.
    expected : ExpectedDecisions, optional
        The decisions on the same rows.
    known_defaults : KnownDefaults, optional
        Only if the portfolio says when a default became known.
    """

    rows: int
    numbers: tuple[NumberProfile, ...] = ()
    categories: tuple[CategoryProfile, ...] = ()
    absent: tuple[str, ...] = ()
    probability: NumberProfile | None = None
    expected: ExpectedDecisions | None = None
    known_defaults: KnownDefaults | None = None

    @property
    def names(self) -> list[str]:
        """The features that the profile is about."""
        return [n.name for n in self.numbers] + [c.name for c in self.categories]

    def ranges(self, names: Collection[str]) -> dict[str, tuple[float, float]]:
        """Return the range of each number among `names` that has one wider than a single value."""
        return {
            number.name: (number.low, number.high)
            for number in self.numbers
            if number.name in names
            and number.low is not None
            and number.high is not None
            and number.low < number.high
        }

    def to_json(self) -> str:
        """Return the profile as JSON text that `from_json` reads back."""
        document: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "rows": self.rows,
            "numbers": [asdict(number) for number in self.numbers],
            "categories": [asdict(category) for category in self.categories],
        }
        parts = {name: getattr(self, name) for name in _OPTIONAL_PARTS}
        document |= {name: asdict(part) for name, part in parts.items() if part is not None}
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Profile":
        """Read a profile from JSON; raises `ArtifactError` if a value is not valid."""
        document = read_versioned(text, PROFILE_FILE, FORMAT_VERSION)
        absent = tuple(part for part in ("numbers", "categories") if part not in document.values)
        numbers = [] if "numbers" in absent else document.parts("numbers")
        categories = [] if "categories" in absent else document.parts("categories")
        profile = cls(
            int(document.number("rows", 1, _MOST_ROWS)),
            tuple(map(NumberProfile.from_fields, numbers)),
            tuple(map(CategoryProfile.from_fields, categories)),
            absent,
            *(
                read(document.part(name)) if name in document.values else None
                for name, read in _OPTIONAL_PARTS.items()
            ),
        )
        names = profile.names
        if len(set(names)) < len(names):
            raise document.refuse("each feature must be named once")
        return profile


def _check_shares(fields: JsonFields, shares: tuple[float, ...]) -> None:
    if not all(0.0 <= share <= 1.0 for share in shares) or sum(shares) > _MOST_SUM:
        raise fields.refuse("shares must be from 0 to 1 and add up to 1")


def check_profile(profile: Profile, names: Collection[str]) -> None:
    """Raise `ArtifactError` if a profile is about a feature that is not among `names`."""
    if not set(names).issuperset(profile.names):
        raise ArtifactError(f"{PROFILE_FILE} names a feature that contract.json lacks")
