"""A returns folder, whatever an application under whatever system puts into it."""

import codecs
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.documents.rules import ReturnCause, ReturnNote, Which
from central.returns.folder import ReturnEntry, ReturnsFolder
from central.returns.store import ReturnOutcome

ID = uuid.UUID("0197a3c4-0000-7000-8000-000000000001")
_TOLD = {"cause": "wrong_pole", "comment": "Payé à l'étranger"}


class Centre:
    """Takes everything back, or answers what it is told to."""

    def __init__(self, answer: ReturnOutcome = ReturnOutcome.TAKEN) -> None:
        self.given: list[tuple[uuid.UUID, ReturnNote, Which]] = []
        self._answer = answer

    def __call__(self, document_id: uuid.UUID, why: ReturnNote, which: Which) -> ReturnOutcome:
        self.given.append((document_id, why, which))
        return self._answer


def _collect(folder: Path, centre: Centre) -> list[ReturnEntry]:
    returns = ReturnsFolder(folder)
    assert list(returns.collect(centre)) == []  # the first look
    return list(returns.collect(centre))


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(_TOLD).encode(),
        codecs.BOM_UTF8 + json.dumps(_TOLD, ensure_ascii=False).encode(),
        json.dumps(_TOLD, ensure_ascii=False).encode("utf-16"),
        json.dumps(_TOLD, ensure_ascii=False).encode("latin-1"),
    ],
    ids=["ascii", "utf-8-mark", "utf-16", "latin-1"],
)
def test_a_note_is_read_as_windows_writes_it(tmp_path: Path, data: bytes) -> None:
    package = tmp_path / f"{ID}-ATEMPO-1"
    package.mkdir()
    (package / "retour.json").write_bytes(data)
    centre = Centre()
    assert _collect(tmp_path, centre) == [ReturnEntry(ID, ReturnCause.WRONG_POLE)]
    assert centre.given == [(ID, ReturnNote(ReturnCause.WRONG_POLE, "Payé à l'étranger"), Which(1))]


def test_a_note_without_a_cause_of_ours_keeps_its_comment(tmp_path: Path) -> None:
    package = tmp_path / f"{ID}-ATEMPO-3"
    package.mkdir()
    (package / "retour.json").write_text('{"cause": "parce que", "comment": "voir"}')
    centre = Centre()
    _collect(tmp_path, centre)
    assert centre.given == [(ID, ReturnNote(ReturnCause.OTHER, "voir"), Which(3))]


@pytest.mark.parametrize(
    ("name", "told", "wanted"),
    [
        ("-ATEMPO-2", {}, 2),
        ("-ATEMPO-2", {"round": 1}, 1),
        ("-a-moi", {}, None),
        ("-ATEMPO-99999999999999999999", {}, None),
        ("-ATEMPO-²", {}, None),
        ("", {"round": True}, None),
    ],
)
def test_the_round_is_what_the_note_says_or_the_directory_is_called(
    tmp_path: Path, name: str, told: dict[str, object], wanted: int | None
) -> None:
    package = tmp_path / f"{ID}{name}"
    package.mkdir()
    (package / "retour.json").write_text(json.dumps(told))
    centre = Centre()
    _collect(tmp_path, centre)
    assert [which for _, _, which in centre.given] == [Which(wanted)]


def test_a_package_says_its_round_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / f"{ID}.json").write_text(json.dumps({"round": 2} | _TOLD))
    renamed = tmp_path / f"{str(ID)[:-1]}2"
    renamed.mkdir()
    (renamed / f"{renamed.name}.json").write_text(json.dumps({"round": 4}))
    centre = Centre()
    _collect(tmp_path, centre)
    assert sorted(which.round or 0 for _, _, which in centre.given) == [2, 4]


def test_what_could_mean_several_deliveries_is_set_aside_for_a_person(tmp_path: Path) -> None:
    (tmp_path / f"{ID}.json").write_text("{}")
    assert _collect(tmp_path, Centre(ReturnOutcome.UNCLEAR)) == [ReturnEntry(None)]
    assert [entry.name for entry in (tmp_path / "a-verifier").iterdir()] == [f"{ID}.json"]


def test_what_cannot_be_moved_is_told_once_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = f"{ID}-A-1", f"{str(ID)[:-1]}2-A-1"
    for name in (first, second):
        (tmp_path / name).mkdir()
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.name == first:
            raise PermissionError(13, "not ours")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    returns, centre = ReturnsFolder(tmp_path), Centre()
    looks = [list(returns.collect(centre)) for _ in range(4)]
    assert [one.is_stuck for one in looks[1]] == [True, False]
    assert looks[2:] == [[], []]
    assert len(centre.given) == 2


def test_what_cannot_be_read_is_told_once_waits_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory that an application moved here as its own account has it: closed to ours."""
    first, second = f"{ID}-A-1", f"{str(ID)[:-1]}2-A-1"
    for name in (first, second):
        (tmp_path / name).mkdir()
        (tmp_path / name / "retour.json").write_text(json.dumps(_TOLD))
    real, closed = Path.iterdir, {first}

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name in closed:
            raise PermissionError(13, "not ours")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    returns, centre = ReturnsFolder(tmp_path), Centre()
    looks = [list(returns.collect(centre)) for _ in range(4)]
    assert looks[1] == [
        ReturnEntry(ID, is_stuck=True, is_read=False),
        ReturnEntry(uuid.UUID(second[:36]), ReturnCause.WRONG_POLE),
    ]
    assert looks[2:] == [[], []]
    assert [document_id for document_id, _, _ in centre.given] == [uuid.UUID(second[:36])]
    closed.clear()
    looks = [list(returns.collect(centre)) for _ in range(2)]
    assert looks[1] == [ReturnEntry(ID, ReturnCause.WRONG_POLE)], (
        "with its reason, once it can be read"
    )


def test_what_is_stuck_keeps_nothing_behind_it_from_being_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.returns.folder._MAX_ENTRIES", 3)
    stuck = [f"{str(ID)[:-1]}{n}-A-1" for n in range(2, 5)]
    last = f"{str(ID)[:-1]}9-A-1"
    for name in (*stuck, last):
        (tmp_path / name).mkdir()
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.name in stuck:
            raise PermissionError(13, "not ours")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    returns, centre = ReturnsFolder(tmp_path), Centre()
    told = [one for _ in range(6) for one in returns.collect(centre)]
    assert [one.is_stuck for one in told] == [True, True, True, False]
    assert len(centre.given) == 4


def test_a_comment_that_is_too_long_says_that_it_was_cut(tmp_path: Path) -> None:
    (tmp_path / f"{ID}.json").write_text(json.dumps({"cause": "other", "comment": "x" * 501}))
    centre = Centre()
    _collect(tmp_path, centre)
    ((_, why, _),) = centre.given
    assert why.is_cut
    assert why.comment.endswith(" […]")
    assert len(why.comment) == 500
