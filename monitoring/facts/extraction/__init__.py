"""Reads logged decisions: a row of each, and how often each bin of a profile occurs."""

from monitoring.facts.extraction.extraction import Extraction, ExtractionTally, Wanted
from monitoring.facts.extraction.feature_bins import (
    MORE_PLACES,
    PROBABILITY,
    VersionBins,
    label_bins,
)
from monitoring.facts.extraction.models import choose_model

__all__ = [
    "MORE_PLACES",
    "PROBABILITY",
    "Extraction",
    "ExtractionTally",
    "VersionBins",
    "Wanted",
    "choose_model",
    "label_bins",
]
