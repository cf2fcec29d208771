"""Tests of `train/report`."""
