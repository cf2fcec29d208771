"""Tests of `scoring_model/trees`."""
