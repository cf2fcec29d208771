"""Tests of `train.tables`."""
