"""Write findings for machines: `monitoring.json`, and the message of a webhook."""

from dataclasses import asdict
from typing import Any

import orjson

from monitoring.findings import Findings
from scoring_model.decision_log import VersionName

FORMAT_VERSION = 1
MESSAGE_TYPE = "monitoring.alarms"
# statistics are often numbers of NumPy
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2


def findings_document(findings: Findings) -> bytes:
    """Return all findings as JSON; days are ISO texts, figures that are not known are null."""
    document = {"format_version": FORMAT_VERSION, **asdict(findings)}
    return orjson.dumps(document, default=_write_version, option=_OPTIONS)


def _write_version(value: Any) -> dict[str, Any]:
    if isinstance(value, VersionName):
        return value._asdict()
    raise TypeError


def alarm_message(findings: Findings, run_id: str) -> bytes:
    """Return the message that says which alarms ring.

    It holds no value of an applicant and no reference.

    Parameters
    ----------
    findings : Findings
    run_id : str
        The run that holds the report.
    """
    chosen = findings.advice.chosen
    data = {
        "model": findings.model,
        "version": findings.version.version,
        "month": findings.month,
        "as_of": findings.as_of,
        "alarms": [asdict(alarm) for alarm in findings.alarms],
        "advice": {
            "action": chosen.action,
            "saving": None if chosen.saving is None else asdict(chosen.saving),
            "reason": chosen.reason,
        },
        "run_id": run_id,
    }
    return orjson.dumps({"type": MESSAGE_TYPE, "data": data}, option=_OPTIONS)
