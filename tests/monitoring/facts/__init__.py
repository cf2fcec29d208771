"""Tests of `monitoring.facts`."""
