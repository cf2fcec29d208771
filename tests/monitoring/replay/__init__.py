"""Tests of `monitoring.replay`."""
