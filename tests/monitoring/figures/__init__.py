"""Tests of `monitoring.figures`."""
