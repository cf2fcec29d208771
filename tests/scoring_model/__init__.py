"""Tests of `scoring_model`, file by file."""
