"""Tests of `train/tracking`."""
