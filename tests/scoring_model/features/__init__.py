"""Tests of `scoring_model/features`."""
