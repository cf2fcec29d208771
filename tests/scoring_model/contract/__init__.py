"""Tests of `scoring_model/contract`."""
