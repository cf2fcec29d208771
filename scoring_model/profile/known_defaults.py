"""`KnownDefaults`: the share of the defaults that is known at each age of a loan."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scoring_model.contract import JsonFields
from scoring_model.types import FloatArray


@dataclass(frozen=True, slots=True)
class KnownDefaults:
    """The share of all defaults among the training rows that was known at each age.

    Attributes
    ----------
    ages_days : tuple of float
        Days from the decision to the day on which a default became known, ascending. From one age
        to the next there are at least 20 defaults.
    shares : tuple of float
        Share of the defaults known at each age, ascending; the last is 1.
    """

    ages_days: tuple[float, ...]
    shares: tuple[float, ...]

    def share_at(self, age_days: FloatArray) -> FloatArray:
        """Return the share of the defaults that is known at each age, shape as `age_days`.

        It is 0 on the day of the decision, and rises along straight lines between the ages.
        """
        return np.interp(age_days, (0.0, *self.ages_days), (0.0, *self.shares))

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "KnownDefaults":
        """Read one from its JSON object; raises `ArtifactError` if a value is not valid."""
        ages, shares = fields.numbers("ages_days"), fields.numbers("shares")
        if not ages or len(ages) != len(shares) or shares[-1] != 1.0:
            raise fields.refuse("there must be one share for each age, the last of them 1")
        for values in ((0.0, *ages, np.inf), (0.0, *shares)):
            if not all(low < high for low, high in pairwise(values)):
                raise fields.refuse("ages and shares must be more than 0 and ascend")
        return cls(ages, shares)
