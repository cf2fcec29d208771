"""Arithmetic over the columns of one applicant, written as text: costs and derived features."""

from scoring_model.expressions.expression import Expression

__all__ = ["Expression"]
