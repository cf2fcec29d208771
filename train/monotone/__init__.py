"""`[monotone]`: the constraints of the fit, the proof that they hold, and what they cost."""

from train.monotone.constraints import constraint_params, signs_of, without_constraints
from train.monotone.proof import MonotoneProof, prove_monotone
from train.monotone.sweep import Sweep, sweep_splits

__all__ = [
    "MonotoneProof",
    "Sweep",
    "constraint_params",
    "prove_monotone",
    "signs_of",
    "sweep_splits",
    "without_constraints",
]
