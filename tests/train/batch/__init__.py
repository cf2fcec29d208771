"""Tests of `train/batch`."""
