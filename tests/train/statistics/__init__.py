"""Tests of `train/statistics`."""
