"""The MLflow Project's entry points: from a portfolio to a promoted version."""

import os

# LightGBM's threads keep a core busy while they wait for each other. If another process needs that
# core, the fit slows down: on two shared cores it took 40 s, and 2 s with threads that sleep while
# they wait. OpenMP reads this variable once, when the first library that uses it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
