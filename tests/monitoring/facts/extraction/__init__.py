"""Tests of `monitoring.facts.extraction`."""
