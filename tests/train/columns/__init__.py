"""Tests of `train/columns`."""
