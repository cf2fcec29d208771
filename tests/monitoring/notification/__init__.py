"""Tests of `monitoring.notification`."""
