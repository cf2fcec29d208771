"""`Tally`: how many decisions were replayed, and how many could not be."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from scoring_model.decision_log import VersionName


@dataclass(slots=True)
class Tally:
    """Counts of selected decisions.

    Attributes
    ----------
    replayed : int
    different : int
        The replayed decisions whose answer differs.
    erased : int
    damaged : int
        Also those of other days: a damaged record has none.
    missing : Counter of VersionName
        Decisions by each version that was not found.
    """

    replayed: int = 0
    different: int = 0
    erased: int = 0
    damaged: int = 0
    missing: Counter[VersionName] = field(default_factory=Counter)

    @property
    def equal(self) -> int:
        """Number of decisions whose answer is equal to the last bit."""
        return self.replayed - self.different

    @property
    def total(self) -> int:
        """Number of all selected decisions."""
        return self.replayed + self.erased + self.damaged + self.missing.total()

    def to_fields(self) -> dict[str, Any]:
        """Return all counts as values of JSON."""
        return {
            "replayed": self.replayed,
            "different": self.different,
            "erased": self.erased,
            "damaged": self.damaged,
            "missing": [[*version, count] for version, count in self.missing.items()],
        }

    def add(self, other: "Tally") -> None:
        """Add the counts of other decisions."""
        self.replayed += other.replayed
        self.different += other.different
        self.erased += other.erased
        self.damaged += other.damaged
        self.missing += other.missing

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return what `to_fields` describes."""
        missing = {VersionName(*version): count for *version, count in fields.pop("missing")}
        return cls(**fields, missing=Counter(missing))
