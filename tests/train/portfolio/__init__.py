"""Tests of `train/portfolio`."""
