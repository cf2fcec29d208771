"""The history of production: who moved which version there, when, and on what evidence."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from train.promotion.ledger import Ledger, Move

HEADINGS = ("version", "from", "until", "by", "how", "evidence")


@dataclass(frozen=True, slots=True)
class Tenure:
    """One version's time in production.

    Attributes
    ----------
    version : int
        Number of the version.
    since : str
        Start, in ISO 8601, UTC.
    until : str or None
        End, in ISO 8601, UTC; None for the champion.
    move : Move
        The move into production.
    """

    version: int
    since: str
    until: str | None
    move: Move

    def as_json(self) -> dict[str, Any]:
        """Return the tenure as a JSON object."""
        kept = asdict(self.move)
        names = ("by", "kind", "reason", "evidence", "run_id")
        head = {"version": self.version, "from": self.since, "until": self.until}
        return head | {name: kept[name] for name in names}

    @property
    def evidence(self) -> str:
        """The move's reason and the gate's figures, on one line."""
        figures = self.move.evidence
        parts = [self.move.reason] if self.move.reason else []
        if "difference" in figures:
            champion = f"{figures['champion_cost']:.4f}"
            if "champion_cost_anew" in figures:
                champion += f" ({figures['champion_cost_anew']:.4f} with a threshold chosen anew)"
            parts.append(
                f"cost per applicant {figures['challenger_cost']:.4f}, previous champion "
                f"{champion}, on {figures['rows']} {figures.get('judged_on', 'test rows')}"
            )
        if "costs_before" in figures:
            parts.append(
                f"costs changed from {figures['costs_before']} to {figures['costs_after']}"
            )
        return "; ".join(parts)


def list_tenures(ledger: Ledger) -> tuple[Tenure, ...]:
    """Return all times in production, oldest first; the champion is the last."""
    moves = [move for move in ledger.moves if move.stage == "Production"]
    ends = [*(move.at for move in moves[1:]), None]
    return tuple(
        Tenure(move.version, move.at, until, move) for move, until in zip(moves, ends, strict=True)
    )


def to_json(rows: Sequence[Tenure]) -> str:
    """Return the history as a JSON array."""
    return json.dumps([row.as_json() for row in rows], indent=1)


def to_table(rows: Sequence[Tenure]) -> str:
    """Return the history as a text table."""
    lines = [
        (
            str(row.version),
            row.since[:19],
            (row.until or "now")[:19],
            row.move.by,
            row.move.kind,
            row.evidence,
        )
        for row in rows
    ]
    return align((HEADINGS, *lines))


def align(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells as text with aligned columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
