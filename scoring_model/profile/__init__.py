"""The profile: what a version keeps of its training rows, in numbers about groups of them."""

from scoring_model.profile.expected_decisions import ExpectedDecisions
from scoring_model.profile.known_defaults import KnownDefaults
from scoring_model.profile.profile import (
    LEAST_RANGE_ROWS,
    LEAST_ROWS,
    PROFILE_FILE,
    CategoryProfile,
    NumberProfile,
    Profile,
    check_profile,
)

__all__ = [
    "LEAST_RANGE_ROWS",
    "LEAST_ROWS",
    "PROFILE_FILE",
    "CategoryProfile",
    "ExpectedDecisions",
    "KnownDefaults",
    "NumberProfile",
    "Profile",
    "check_profile",
]
