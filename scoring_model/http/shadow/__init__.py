"""A version in the shadow of the one that answers: it scores too, but nobody gets its decisions."""

from scoring_model.http.shadow.shadow import Shadow

__all__ = ["Shadow"]
