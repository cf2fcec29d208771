"""Tests of `scoring_model/telemetry`."""
