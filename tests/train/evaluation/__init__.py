"""Tests of `train/evaluation`."""
