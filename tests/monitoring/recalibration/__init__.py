"""Tests of `monitoring.recalibration`."""
