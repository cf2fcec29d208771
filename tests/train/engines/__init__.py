"""Tests of `train/engines`."""
