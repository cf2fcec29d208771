"""Tests of `monitoring.findings`."""
