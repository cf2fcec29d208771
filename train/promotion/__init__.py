"""Promotion of versions: gate, ledger, registry, rollback."""

from train.promotion.challenge import try_challenger
from train.promotion.promotion import check_reason, move, place_new, promote, roll_back
from train.promotion.promotion_record import (
    gate_table,
    log_challenge,
    note_promotion,
    note_refusal,
)
from train.promotion.registry import MODEL_NAME, champion, check_stage, has_model, register
from train.promotion.settling import settle
from train.promotion.tenures import list_tenures, to_json, to_table

__all__ = [
    "MODEL_NAME",
    "champion",
    "check_reason",
    "check_stage",
    "gate_table",
    "has_model",
    "list_tenures",
    "log_challenge",
    "move",
    "note_promotion",
    "note_refusal",
    "place_new",
    "promote",
    "register",
    "roll_back",
    "settle",
    "to_json",
    "to_table",
    "try_challenger",
]
