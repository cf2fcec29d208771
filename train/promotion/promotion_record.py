"""Records of a promotion: a table in the run, a tag on the version, a section in its report."""

import html
import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from train.promotion.challenge import Challenge
from train.promotion.gate import CostChange, GateRule
from train.promotion.ledger import Move, account
from train.promotion.recalibrated import MATURED, ONLY_ACCEPTED
from train.promotion.registry import Registry
from train.promotion.tenures import align

TABLE_FILE, JSON_FILE = "gate.txt", "gate.json"
REPORT_FILE = "report.html"
PROMOTION_TAG = "promotion"
HEADINGS = ("rule", "limit", "value", "verdict")
OUTCOME_HEADINGS = ("decisions by", "cost per applicant", "acceptance rate")


def gate_table(challenge: Challenge) -> str:
    """Return the result of the gate as a text table, with the smallest saving it could find."""
    result = challenge.result
    rival = f"version {challenge.champion}" if challenge.champion else "no champion"
    on = f"{result.rows} {challenge.judged_on}"
    lines = [f"version {challenge.version} compared with {rival} on {on}", ""]
    lines += _change_lines(result.cost_change)
    lines.append(align((HEADINGS, *(_cells(rule) for rule in result.rules))))
    if result.saving is not None:
        smallest = result.saving.smallest_shown
        share = smallest / result.saving.champion_cost if result.saving.champion_cost else 0.0
        lines += [
            "",
            f"cost per applicant {result.saving.challenger_cost:.4f}, "
            f"champion {result.saving.champion_cost:.4f}; "
            f"smallest saving that these {challenge.judged_on} can show: {smallest:.4f} "
            f"({share:.1%})",
        ]
    if challenge.judged_on == MATURED:
        lines += ["", ONLY_ACCEPTED]
    lines += [f"allowed change of the contract: {c}" for c in challenge.contract_changes]
    return "\n".join(lines)


def _change_lines(change: CostChange | None) -> list[str]:
    """Return the lines that say which costs changed, and what that alone does to the champion."""
    if change is None:
        return []
    lines = [
        "the costs changed (accepting a defaulter : refusing a good client): "
        f"champion {change.before}, challenger {change.after}"
    ]
    if change.outcomes:
        champion, anew, challenger = (outcome.cost for outcome in change.outcomes)
        cells = [(o.who, f"{o.cost:.4f}", f"{o.acceptance_rate:.4f}") for o in change.outcomes]
        lines += [
            "each version decides by its own threshold; both are judged under the challenger's "
            "costs",
            "",
            align((OUTCOME_HEADINGS, *cells)),
            "",
            f"saving per applicant {champion - challenger:.4f}: {champion - anew:.4f} by the "
            f"threshold, {anew - challenger:.4f} by the model",
        ]
    return [*lines, ""]


def _cells(rule: GateRule) -> tuple[str, str, str, str]:
    return (rule.name, rule.limit, rule.value, "passed" if rule.passed else "failed")


def log_challenge(challenge: Challenge) -> None:
    """Log the result of the gate in the active run, as text and as JSON."""
    document = {
        "version": challenge.version,
        "champion": challenge.champion,
        "judged_on": challenge.judged_on,
        "earned": challenge.result.earned,
        "contract_changes": list(challenge.contract_changes),
        **asdict(challenge.result),
    }
    if challenge.judged_on == MATURED:
        document["note"] = ONLY_ACCEPTED
    change = challenge.result.cost_change
    if change is None:
        del document["cost_change"]
    mlflow.log_text(gate_table(challenge) + "\n", TABLE_FILE)
    mlflow.log_text(json.dumps(document, indent=1), JSON_FILE)
    if challenge.result.saving is not None:
        figures = asdict(challenge.result.saving).items()
        mlflow.log_metrics({f"gate/{name}": value for name, value in figures})
    if change is not None and change.outcomes:
        mlflow.log_metric("gate/champion_cost_anew", change.outcomes[1].cost)


def next_step(registry: Registry, move: Move) -> str:
    """Return a line that says what can be done with a version after its move."""
    if move.stage == "Production":
        return f"to serve it: {registry.serve_command}"
    command = promote_command(registry, move.version)
    if not move.reason:
        return f"to promote it: {command}"
    return (
        f"it does not go into Production by itself, because it may be of no use: {move.reason}; "
        f'to promote it all the same: {command} -P override="<why>"'
    )


def promote_command(registry: Registry, version: int) -> str:
    """Return the command that puts a version into production if it passes the gate."""
    return (
        f"mlflow run . --env-manager local -e promote{registry.option} "
        f"-P version={version} -P stage=Production"
    )


def note_refusal(challenge: Challenge) -> None:
    """Tag the version with the reason why it was not promoted."""
    reason = f"not promoted, by {account()}: {challenge.result.reason}"
    challenge.registry.tag_version(challenge.version, {PROMOTION_TAG: reason})


def note_promotion(registry: Registry, move: Move, table: str) -> None:
    """Record on the version and in its report how it came into production."""
    how = f"{move.kind}, {move.at} by {move.by}: {move.reason}"
    registry.tag_version(move.version, {PROMOTION_TAG: how})
    _add_to_report(registry, move, how, table)


def _add_to_report(registry: Registry, move: Move, how: str, table: str) -> None:
    """Add a section at the end of the report of the version's training run."""
    run_id = registry.find_version(str(move.version)).run_id
    with tempfile.TemporaryDirectory() as directory:
        try:
            uri = f"runs:/{run_id}/{REPORT_FILE}"
            report = Path(mlflow.artifacts.download_artifacts(uri, dst_path=directory))
        except (MlflowException, OSError):
            return  # the version has no report here; the ledger holds the whole record
        text = report.read_text(encoding="utf-8")
        body, end, rest = text.rpartition("</body>")
        section = _section(move, how, table)
        report.write_text(
            f"{body}{section}{end}{rest}" if end else text + section, encoding="utf-8"
        )
        mlflow.tracking.MlflowClient().log_artifact(run_id, str(report))


def _section(move: Move, how: str, table: str) -> str:
    parts: Iterable[str] = (
        f"<h2>Promotion of version {move.version} to production</h2>",
        f"<p>{html.escape(how)}</p>",
        f"<pre>{html.escape(table)}</pre>" if table else "",
    )
    return f"<section>{''.join(parts)}</section>\n"
