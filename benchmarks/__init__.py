"""Benchmarks against other tools; each one prints ratios."""
