"""Tests of `monitoring/erasure`."""
