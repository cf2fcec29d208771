"""Proves that a decision log holds what was decided: anchors, verification, inclusion proofs."""

from monitoring.proof.anchor import Anchor, Claim, OpenPart
from monitoring.proof.anchor_runs import KeptAnchor, check_name, find_anchor, log_anchor
from monitoring.proof.anchoring import make_anchor
from monitoring.proof.finding import Finding
from monitoring.proof.inclusion import audit_path, prove_inclusion
from monitoring.proof.verification import Verification, verify_log

__all__ = [
    "Anchor",
    "Claim",
    "Finding",
    "KeptAnchor",
    "OpenPart",
    "Verification",
    "audit_path",
    "check_name",
    "find_anchor",
    "log_anchor",
    "make_anchor",
    "prove_inclusion",
    "verify_log",
]
