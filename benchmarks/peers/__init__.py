"""The other servers of `benchmarks.serving`: the same model in usual web frameworks."""
