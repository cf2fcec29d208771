"""Tests of `train/decision`."""
