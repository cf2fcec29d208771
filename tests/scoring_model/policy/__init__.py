"""Tests of `scoring_model/policy`."""
