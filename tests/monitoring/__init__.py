"""Tests of `scoring_model/http`."""
