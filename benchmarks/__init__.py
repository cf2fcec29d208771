"""Benchmarks: this project compared with other tools; each one prints ratios."""
