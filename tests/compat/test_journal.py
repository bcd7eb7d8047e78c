"""A station's disk as an earlier version left it holds now what it held then."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.compat import golden, journals, present

_STATES = {"sighted", "claimed", "read", "spooled", "sent", "acknowledged", "set_aside"}

versions = pytest.mark.parametrize("version", journals.VERSIONS)


@versions
def test_a_journal_opens_with_every_row(version: int, tmp_path: Path) -> None:
    with journals.opened(version, tmp_path):
        pass

    golden.demand_same(f"journal-{version}.rows", journals.rows(tmp_path))


@versions
def test_the_lots_of_a_journal_are_shown_as_before(version: int, tmp_path: Path) -> None:
    with journals.opened(version, tmp_path):
        pass

    golden.demand_same(f"journal-{version}.status.json", journals.status(tmp_path))


@versions
def test_a_journal_is_told_to_the_centre_in_the_same_bytes(version: int, tmp_path: Path) -> None:
    with journals.opened(version, tmp_path) as spool:
        said = journals.wire(spool)

    golden.demand_same(f"journal-{version}.wire.json", said)


@versions
def test_a_kept_journal_has_lots_and_documents_in_every_state(version: int) -> None:
    found: dict[str, set[str]] = {"lots": set(), "documents": set(), "rescans": set()}
    state = re.compile(r'(\w+) \[.*\] state "(\w+)"')
    for line in golden.read(f"journal-{version}.rows").splitlines():
        if match := state.fullmatch(line):
            found[match[1]].add(match[2])

    assert found["lots"] == _STATES
    assert found["documents"] == {"spooled", "acknowledged", "set_aside"}
    assert found["rescans"] == {"open", "impossible", "closed"}


def test_all_that_0_3_0_showed_of_its_journal_is_shown(tmp_path: Path) -> None:
    with journals.opened(2, tmp_path):
        pass
    before = json.loads(golden.read("status-0.3.0.json"))
    now = json.loads(journals.status(tmp_path))

    assert set(before) <= set(now)
    for part in ("lots", "sources", "rescans"):
        assert _by_name(before[part]).keys() == _by_name(now[part]).keys()
        for name, entry in _by_name(before[part]).items():
            shown = {key: _by_name(now[part])[name][key] for key in entry}
            assert entry == shown
    assert before["backlog"] == now["backlog"]


def _by_name(entries: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    keys = ("id", "name", "rescan_id", "document_id")
    return {tuple(entry.get(key, "") for key in keys): entry for entry in entries}


def test_a_journal_of_the_present_schema_is_kept() -> None:
    with contextlib.closing(present.journal_of_a_new_station()) as journal:
        (version,) = journal.execute("PRAGMA user_version").fetchone()

    assert version == max(journals.VERSIONS)
