"""Tests of `train`, one file for each module."""
