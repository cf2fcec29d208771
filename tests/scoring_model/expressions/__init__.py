"""Tests of `scoring_model/expressions`."""
