"""Tests of `train/monotone`."""
