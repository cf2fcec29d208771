"""Tests of `monitoring.report`."""
