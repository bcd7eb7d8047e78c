"""The alerts under Debian's promtool."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support import rules


@pytest.fixture(autouse=True)
def _promtool() -> None:
    if shutil.which("promtool") is None:
        missing = "Debian's Prometheus is not installed: apt-get install prometheus"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


def test_the_rules_are_well_formed() -> None:
    checked = rules.promtool("check", "rules", rules.FILE)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(rules.alerts())} rules found" in checked.stdout


@pytest.mark.parametrize("file", rules.TESTS, ids=lambda path: path.name)
def test_alerts_fire_where_they_must_and_nowhere_else(file: Path) -> None:
    tried = rules.promtool("test", "rules", file)
    assert tried.returncode == 0, tried.stdout + tried.stderr
