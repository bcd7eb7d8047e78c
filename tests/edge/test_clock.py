"""People read France's time and mail is received on France's day, whatever a machine is set to."""

import ast
import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.web import formats
from edge.sources.folder.status_file import status_text
from edge.web import status
from tests.support.station import Station
from vaguemestre.model.calendar import paris_day, paris_time, start_of_day

_ROOT = Path(__file__).parents[2]
_SUMMER = dt.datetime(2026, 7, 14, 22, 30, tzinfo=dt.UTC)  # half past midnight, the 15th
_WINTER = dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)
_IN_UTC = {"central/processes.py", "central/housekeeping.py", "central/intake/store.py"}
"""Where the days of UTC are meant: months of the partitions."""


@pytest.fixture(params=["UTC", "Pacific/Auckland", "America/Cayenne", "Europe/Paris"], autouse=True)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine set to some time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_lot_is_received_on_the_day_that_it_is_in_france(tmp_path: Path) -> None:
    station = Station(tmp_path)
    for number, (moment, day) in enumerate(((_SUMMER, "2026-07-15"), (_WINTER, "2027-01-01"))):
        station.clock.now = moment
        station.drop(f"LOT{number}.tif", b"%d" % number * 2_000)
        station.settle()
        station.read()
        with station.spool._store.journal.transaction() as t:
            row = t.execute("SELECT * FROM lots WHERE name = ?", (f"LOT{number}.tif",)).fetchone()
        assert row["received_on"] == day
        assert row["received_at"].endswith("+00:00")
        assert row["received_at"][:10] == f"{moment:%Y-%m-%d}"


def test_the_operators_page_and_files_show_frances_time(tmp_path: Path) -> None:
    assert status.moment(_SUMMER, _SUMMER) == "00:30"
    assert status.moment(_SUMMER, _SUMMER + dt.timedelta(hours=20)) == "00:30"
    assert status.moment(_SUMMER - dt.timedelta(hours=1), _SUMMER) == "14/07 à 23:30"
    assert status.moment(_WINTER, _WINTER) == "00:30"
    station = Station(tmp_path)
    station.clock.now = _SUMMER
    station.drop("LOT.tif", b"a" * 2_000)
    station.settle()
    (view,) = station.spool.status.lots_overview()
    assert "Vu le 15/07/2026 à 00:3" in status_text(view)


def test_sent_again_is_what_was_received_since_a_day_began_in_france(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.clock.now = _SUMMER
    station.drop("LOT.tif", b"a" * 2_000)
    station.drain()
    assert station.spool.outbox.replay_since(dt.date(2026, 7, 16)) == 0
    assert station.spool.outbox.replay_since(dt.date(2026, 7, 15)) == 1


def test_a_day_begins_at_midnight_in_france() -> None:
    assert paris_day(_SUMMER) == dt.date(2026, 7, 15)
    assert paris_day(_WINTER) == dt.date(2027, 1, 1)
    assert paris_time(_SUMMER).strftime("%d/%m/%Y %H:%M") == formats.moment(_SUMMER)
    assert start_of_day(dt.date(2026, 7, 15)) == dt.datetime(2026, 7, 14, 22, tzinfo=dt.UTC)


def test_no_part_asks_the_machine_for_its_zone_or_takes_the_day_of_utc() -> None:
    """``astimezone()`` and ``date.today()`` ask the machine, ``now(UTC).date()`` is another day."""
    found = []
    for path in (*(_ROOT / "edge").rglob("*.py"), *(_ROOT / "central").rglob("*.py")):
        name = path.relative_to(_ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            asks = node.func.attr in ("astimezone", "today") and not (node.args or node.keywords)
            is_named = ast.unparse(node.func.value) in ("dt.date", "dt.datetime")
            is_utc_day = ast.unparse(node) == "dt.datetime.now(dt.UTC).date()"
            if (asks and (is_named or node.func.attr == "astimezone")) or (
                is_utc_day and name not in _IN_UTC
            ):
                found.append(f"{name}:{node.lineno}")
    assert found == []
