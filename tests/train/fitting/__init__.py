"""Tests of `train/fitting`."""
