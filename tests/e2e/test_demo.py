"""``make demo`` does what it says, where nothing was drawn or started before."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.support import small_lots
from tests.tools import demo

pytestmark = pytest.mark.slow


def _must_not_wait() -> None:
    pytest.fail("it waits for somebody, and is to end by itself")


def test_the_demo_shows_where_every_page_went_and_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_HOME", tmp_path / "demo")
    mine = tmp_path / "mine"
    mine.mkdir()
    own = mine / small_lots.draw_one(mine)
    console = Console(record=True, width=200, markup=False)
    assert demo.run(console, once=True, own=own, wait=_must_not_wait) == 0
    text = console.export_text()
    assert "Chaque page est à sa place, type et pôle comme dessinés." in text
    assert " 0 fausse(s)" in text
    assert own.name in text
    assert text.endswith("Tout est arrêté.\n")
