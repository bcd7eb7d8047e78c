"""Each alert is explained, tried both ways, and asks for metrics that exist."""

import re
from typing import Any

import pytest
import yaml

from tests.support import markdown, metrics, rules

_GUIDE = "docs/guide-exploitant.md"
_ALERTS = rules.alerts()
_SERIES = metrics.series(metrics.of_the_centre() | metrics.of_a_station())

each_alert = pytest.mark.parametrize("alert", _ALERTS, ids=lambda alert: str(alert["alert"]))


def _section() -> str:
    return markdown.text(_GUIDE).split("\n## Alertes\n", 1)[1].split("\n## ", 1)[0]


def test_every_alert_has_its_heading_and_no_heading_is_stale() -> None:
    told = re.findall(r"^### (\S+)$", _section(), re.M)
    assert told == [alert["alert"] for alert in _ALERTS]


@each_alert
def test_an_alert_says_in_french_what_to_do_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"] == {"severity": alert["labels"]["severity"]}
    assert alert["labels"]["severity"] in ("page", "ticket")
    told = alert["annotations"]
    assert set(told) == {"summary", "description", "runbook"}
    assert told["runbook"] == f"{_GUIDE}#{markdown.anchor(alert['alert'])}"
    assert told["description"].endswith(".")
    assert len(told["description"]) > 100


@each_alert
def test_the_guide_says_how_urgent_an_alert_is(alert: dict[str, Any]) -> None:
    text = _section().split(f"\n### {alert['alert']}\n", 1)[1]
    assert text.lower().startswith(alert["labels"]["severity"])


@each_alert
def test_an_alert_asks_for_metrics_that_exist(alert: dict[str, Any]) -> None:
    assert rules.metrics(alert["expr"]) <= _SERIES


def test_the_promtool_tests_feed_metrics_that_exist() -> None:
    for file in rules.TESTS:
        assert rules.metrics(file.read_text("utf-8")) <= _SERIES


def _verdicts(name: str) -> set[bool]:
    """Whether the promtool tests expect the alert to fire; both, if it is tried both ways."""
    found = set()
    for file in rules.TESTS:
        for test in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            for asked in test.get("promql_expr_test", []):
                if _is_about(asked["expr"], name):
                    fires = [s["labels"] for s in asked.get("exp_samples", [])]
                    found.add(any(f'alertname="{name}"' in labels for labels in fires))
            for asked in test.get("alert_rule_test", []):
                if asked["alertname"] == name:
                    found.add(bool(asked.get("exp_alerts")))
    return found


def _is_about(expression: str, name: str) -> bool:
    """Whether a question about ALERTS is about this one by its name."""
    asked = re.search(r'alertname=~?"([^"]+)"', expression)
    return asked is not None and re.fullmatch(asked[1], name) is not None


@each_alert
def test_an_alert_is_tried_where_it_fires_and_where_it_does_not(alert: dict[str, Any]) -> None:
    assert _verdicts(alert["alert"]) == {True, False}
