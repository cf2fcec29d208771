"""The alert rules for Prometheus: Debian's promtool takes them, and every metric exists."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from scoring_model.telemetry.metric_names import (
    GIVE_UP_CAUSES,
    METRICS,
    OUTCOMES,
    REFRESH_OUTCOMES,
    REFUSAL_CAUSES,
)
from tests.conftest import ROOT

RULES = ROOT / "deploy" / "alerts.yml"
SUFFIXES = {"counter": "_total", "histogram": "_bucket", "latest": "", "gauge": ""}
VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "scoring_refused_requests_total": {"cause": REFUSAL_CAUSES},
    "scoring_fast_path_given_up_total": {"cause": GIVE_UP_CAUSES},
    "scoring_model_refreshes_total": {"outcome": REFRESH_OUTCOMES},
    "scoring_decisions_total": {"outcome": OUTCOMES},
}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_uses_metrics_and_labels_that_exist(rule: dict[str, Any]) -> None:
    by_name = {name + SUFFIXES[metric.kind]: metric for name, metric in METRICS.items()}
    used = re.findall(r"\b(scoring_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert used
    for name, selected in used:
        metric = by_name[name]
        for label, _, value in re.findall(r'(\w+)(=~?)"([^"]*)"', selected):
            assert label in metric.labels, name
            known = VALUES[name][label] if label in VALUES.get(name, ()) else None
            assert known is None or set(value.split("|")) <= set(known), value


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_in_sentences_what_is_wrong(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    for text in (rule["annotations"]["summary"], rule["annotations"]["description"]):
        assert text.endswith(".")
        assert "\n" not in text


def test_every_rule_is_tested_and_described() -> None:
    tests = RULES.with_name("alerts.test.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    for rule in rules():
        assert f"alertname: {rule['alert']}" in tests
        assert re.search(rf'alertname="{rule["alert"]}"|exp_alerts', tests)
        assert f"`{rule['alert']}`" in page


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("check", "alerts.yml"), ("test", "alerts.test.yml")])
def test_promtool_takes_the_rules(arguments: tuple[str, str]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, of Debian's package prometheus")
    deed, file = arguments
    command = [promtool, deed, "rules", str(RULES.with_name(file))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "SUCCESS" in result.stdout
