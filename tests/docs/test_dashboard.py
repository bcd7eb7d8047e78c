"""The Grafana dashboard is whole: every panel has its place, its question and its words."""

import itertools
import json
from typing import Any

import pytest

from tests.support import metrics, rules

_PANELS = list(rules.panels())
_ALL = rules.dashboard()["panels"]
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_SERIES = metrics.series(metrics.of_the_centre() | metrics.of_a_station())
_COLUMNS = 24

each_panel = pytest.mark.parametrize("panel", _PANELS, ids=lambda panel: str(panel["title"]))


def test_every_panel_has_a_number_of_its_own() -> None:
    numbers = [panel["id"] for panel in _ALL]
    assert sorted(set(numbers)) == sorted(numbers)


def test_every_title_is_used_once() -> None:
    titles = [panel["title"] for panel in _ALL]
    assert sorted(set(titles)) == sorted(titles)


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def test_no_panel_lies_on_another_or_beyond_the_edge() -> None:
    places = [panel["gridPos"] for panel in _ALL]
    assert [p for p in places if p["x"] < 0 or p["x"] + p["w"] > _COLUMNS or p["h"] < 1] == []
    assert [pair for pair in itertools.combinations(places, 2) if _overlap(*pair)] == []


@each_panel
def test_a_panel_asks_something_of_the_source_that_is_chosen(panel: dict[str, Any]) -> None:
    assert panel["datasource"] == _SOURCE
    assert panel["targets"]
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)
    for target in panel["targets"]:
        assert target["datasource"] == _SOURCE
        assert target["expr"].strip()
        assert target["instant"] is not target["range"]


@each_panel
def test_a_panel_asks_for_metrics_that_exist(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        assert rules.metrics(target["expr"]) <= _SERIES


def test_variables_are_those_that_queries_use() -> None:
    variables = {one["name"]: one for one in rules.dashboard()["templating"]["list"]}
    assert set(variables) == {"source", "site"}
    assert variables["source"]["type"] == "datasource"
    assert variables["site"]["datasource"] == _SOURCE
    assert rules.metrics(variables["site"]["definition"]) <= _SERIES
    text = json.dumps(_ALL)
    left = text.replace("$site", "").replace("${source}", "").replace("$__rate_interval", "")
    assert "$" not in left


def test_no_address_and_no_source_is_written_into_it() -> None:
    text = rules.DASHBOARD.read_text("utf-8")
    assert "http" not in text
    sources = {json.dumps(panel["datasource"]) for panel in _PANELS}
    assert len(sources) == 1


def test_every_gauge_and_counter_of_the_centre_that_alerts_use_is_shown() -> None:
    alerted = {name for alert in rules.alerts() for name in rules.metrics(alert["expr"])}
    shown = {name for query in rules.queries() for name in rules.metrics(query)}
    assert alerted - shown <= {"vaguemestre_central_working_hours"}
