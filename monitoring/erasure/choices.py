"""`Choice`: which decisions are erased, those of a reference or those that are old enough."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from scoring_model.decision_log import PersonalPart, PersonalValues, write_time


@dataclass(frozen=True, slots=True)
class Choice:
    """Which decisions to erase.

    Attributes
    ----------
    reference : str
        The decisions with this reference; empty if they are chosen by their age.
    digest : str
        What a log with a secret keeps of the reference; empty without a secret.
    before : datetime or None
        Moment in UTC before which the decisions were made; None if they have a reference.
    """

    reference: str = ""
    digest: str = ""
    before: datetime | None = None

    def holds(self, record: bytes | None, personal: PersonalPart | None) -> bool | None:
        """Return whether to erase a decision, or None if damage makes it impossible to say.

        Parameters
        ----------
        record : bytes or None
            The text of the record.
        personal : PersonalPart or None
            A part that is not erased.
        """
        try:
            if self.before is not None:
                # times of one form sort as text
                return str(orjson.loads(record or b"")["time"]) < write_time(self.before)
            values = orjson.loads(personal.values if personal else "")
        except (ValueError, TypeError, KeyError):
            return None
        kept = values.get("reference_digest")
        return values.get("reference") == self.reference or (bool(kept) and kept == self.digest)


def of_reference(reference: str, key: bytes | None) -> Choice:
    """Choose the decisions of a reference.

    Parameters
    ----------
    reference : str
    key : bytes or None
        The secret for digests of references. With it, decisions are found that hold the digest, and
        those that hold the reference itself, from a time without a secret.
    """
    return Choice(reference, PersonalValues(key).identify(reference) if key is not None else "")


def older_than(moment: datetime) -> Choice:
    """Choose the decisions that were made before a moment in UTC."""
    return Choice(before=moment)
