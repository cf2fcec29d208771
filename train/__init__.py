"""The MLflow Project's entry points: from a portfolio to a promoted version."""

import os

# LightGBM's threads wait for each other by spinning, and whenever another process wants a core the
# one they wait for does not run: measured on two shared cores, 40 s for a fit that takes 2 s when
# they sleep instead. OpenMP reads this once, when the first library that uses it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
