"""Tests of `scoring_model/version`."""
