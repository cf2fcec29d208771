"""Tests of `train.draft`."""
