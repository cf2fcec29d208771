"""Tests of `train`, file by file."""
