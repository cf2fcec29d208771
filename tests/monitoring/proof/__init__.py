"""Tests of `monitoring/proof`."""
