"""Tests of `train/promotion`."""
