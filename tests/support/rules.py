"""The alerts, their promtool tests and the dashboard, as they are shipped."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.markdown import ROOT

FOLDER = ROOT / "ansible/roles/prometheus"
FILE = FOLDER / "files/vaguemestre.rules.yml"
TESTS = sorted((FOLDER / "tests").glob("*.test.yml"))
DASHBOARD = ROOT / "ansible/roles/grafana/files/vaguemestre.json"

_METRIC = re.compile(r"\bvaguemestre_(?:central|edge)_\w+")


def alerts() -> list[dict[str, Any]]:
    """Every rule of the file."""
    groups = yaml.safe_load(FILE.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def metrics(expression: str) -> set[str]:
    """The metrics of ours that an expression names."""
    return set(_METRIC.findall(expression))


def dashboard() -> dict[str, Any]:
    """The dashboard's JSON."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return found


def panels() -> Iterator[dict[str, Any]]:
    """Every panel of the dashboard that is no row."""
    for panel in dashboard()["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def queries() -> list[str]:
    """Every query of the dashboard's panels."""
    return [target["expr"] for panel in panels() for target in panel.get("targets", [])]


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run Debian's promtool."""
    program = shutil.which("promtool") or "promtool"
    return subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )
