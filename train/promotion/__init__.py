"""Promotion of versions: gate, ledger, registry, rollback."""

from train.promotion.challenge import (
    Challenge,
    load_portfolio_of,
    portfolio_path_of,
    try_challenger,
)
from train.promotion.model_name import open_registry, registry_of
from train.promotion.promotion import check_reason, move, place_new, promote, roll_back
from train.promotion.promotion_record import (
    gate_table,
    log_challenge,
    next_step,
    note_promotion,
    note_refusal,
    promote_command,
)
from train.promotion.recalibrated import ONLY_ACCEPTED, keep_judged_rows
from train.promotion.registry import DEFAULT_MODEL, Registry, check_stage
from train.promotion.settling import settle
from train.promotion.tenures import list_tenures, to_json, to_table
from train.promotion.usefulness import judge_usefulness

__all__ = [
    "DEFAULT_MODEL",
    "ONLY_ACCEPTED",
    "Challenge",
    "Registry",
    "check_reason",
    "check_stage",
    "gate_table",
    "judge_usefulness",
    "keep_judged_rows",
    "list_tenures",
    "load_portfolio_of",
    "log_challenge",
    "move",
    "next_step",
    "note_promotion",
    "note_refusal",
    "open_registry",
    "place_new",
    "portfolio_path_of",
    "promote",
    "promote_command",
    "registry_of",
    "roll_back",
    "settle",
    "to_json",
    "to_table",
    "try_challenger",
]
