"""Erases the personal parts of decisions; their records stay, and so does the proof."""

from monitoring.erasure.choices import Choice, of_reference, older_than
from monitoring.erasure.erasing import erase_decisions
from monitoring.erasure.erasure import Erasure

__all__ = ["Choice", "Erasure", "erase_decisions", "of_reference", "older_than"]
