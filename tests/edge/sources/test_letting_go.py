"""Our copy never changes; the scanner's file is let go late, and what it grows to is not lost."""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.sources.folder import release
from edge.sources.folder.release import Writers
from edge.spool.values import OperatorState, Placement
from tests.support.station import Station, result_of
from vaguemestre.model.document import RouteKind


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _contents(station: Station) -> list[list[bytes]]:
    """The bytes of each lot that waits to be read."""
    return [
        [file.path.read_bytes() for file in lot.files if file.code is None]
        for lot in station.spool.lots.lots_to_read()
    ]


def test_s27_what_is_written_through_the_scanners_handle_never_reaches_our_copy(
    station: Station,
) -> None:
    path = station.drop("LOT1.tif", b"five pages")
    with path.open("ab") as scanner:
        station.settle()
        scanner.write(b", and five more")
        scanner.flush()
        [[ours]] = _contents(station)
        assert ours == b"five pages"
        [lot] = station.spool.lots.lots_to_read()
        assert stat.S_IMODE(lot.files[0].path.stat().st_mode) == 0o600
        assert lot.files[0].path.stat().st_ino != path.stat().st_ino


def test_s27_a_file_is_let_go_when_nobody_writes_and_it_stayed_the_same(station: Station) -> None:
    path = station.drop("LOT1.tif", b"scan")
    station.settle()
    station.scan(29)
    assert path.exists()
    station.scan(1)
    station.scan()
    assert not path.exists()
    assert station.spool.claims.copies.of_source("scan") == ()
    assert len(_contents(station)) == 1


@pytest.mark.parametrize("step_s", [-7_200, 7_200])
def test_s27_a_step_of_the_wall_clock_lets_nothing_go(station: Station, step_s: int) -> None:
    path = station.drop("LOT1.tif", b"scan")
    station.settle()
    station.clock.step(step_s)
    station.scan(29)
    assert path.exists()
    station.scan(1)
    assert not path.exists()


def test_s27_a_file_that_is_open_for_writing_is_never_let_go(station: Station) -> None:
    path = station.drop("LOT1.tif", b"five pages")
    with path.open("ab") as scanner:
        station.drain()
        station.scan(86_400)
        assert path.exists()
        scanner.write(b", and five more")
    station.drain()
    station.let_go()
    assert not path.exists()
    assert station.delivered() == [b"five pages", b"five pages, and five more"]


def test_s27_where_nobody_knows_who_writes_only_a_longer_time_lets_go(tmp_path: Path) -> None:
    station = Station(tmp_path, mode="polling")
    path = station.drop("LOT1.tif", b"scan")
    station.settle()
    station.scan(599)
    assert path.exists()
    station.scan(1)
    assert not path.exists()


def test_s27_without_the_right_to_a_lease_the_open_files_of_all_processes_answer(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.fcntl

    def refuse(fd: int, act: int, value: int = 0) -> int:
        if act == fcntl.F_SETLEASE and value != fcntl.F_UNLCK:
            raise PermissionError(13, "denied")
        return real(fd, act, value)

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    path = station.drop("LOT1.tif", b"scan")
    with path.open("ab"):
        station.settle()
        station.scan(86_400)
        assert path.exists()
    station.scan(1)
    assert not path.exists()


def test_s27_where_nobody_can_tell_who_writes_a_look_does_not_ask_again_and_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    @contextmanager
    def nobody_knows(fd: int, *, is_share: bool) -> Iterator[Callable[[], Writers]]:
        asked.append(fd)
        yield lambda: Writers.UNKNOWN

    monkeypatch.setattr(release, "watched", nobody_knows)
    path = station.drop("LOT1.tif", b"scan")
    station.settle()
    for _ in range(56):
        station.scan(10)
    assert path.exists()
    assert len(asked) == 1, "looking at the open files of all processes costs at every look"
    station.scan(40)
    assert not path.exists()


def test_s27_files_that_are_kept_hold_no_others_up(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_AT_ONCE", 2)
    held = [station.drop(f"A{n}.tif", b"%d" % n) for n in range(3)]
    free = station.drop("B.tif", b"b")
    with ExitStack() as scanner:
        for path in held:
            scanner.enter_context(path.open("ab"))
        station.settle()
        station.let_go()
        station.scan(3)
        station.scan(3)
        assert not free.exists()
        assert all(path.exists() for path in held)


def test_s27_a_file_that_changed_under_its_old_size_and_time_is_claimed_again(
    station: Station,
) -> None:
    path = station.drop("LOT1.tif", b"0000")
    os.utime(path, ns=(1, 1))
    station.settle()
    path.write_bytes(b"scan")
    os.utime(path, ns=(1, 1))
    station.scan(30)
    station.drain()
    station.let_go()
    assert station.delivered() == [b"0000", b"scan"]
    assert not path.exists()


def test_s27_who_asks_to_write_at_the_very_moment_of_the_removal_finds_the_file_under_its_name(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = station.drop("LOT1.tif", b"five pages")
    station.drain()
    unlink = station.spool.claims.disk.unlink
    asked: list[int] = []

    def scanner_asks_first(name: Path | bytes, folder_fd: int | None = None) -> None:
        if name == b"LOT1.tif" and not asked:
            asked.append(1)
            with pytest.raises(BlockingIOError):  # it may write once the lease has ended
                os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        unlink(name, folder_fd)

    monkeypatch.setattr(station.spool.claims.disk, "unlink", scanner_asks_first)
    inode = path.stat().st_ino
    station.let_go()
    assert asked
    assert path.stat().st_ino == inode
    with path.open("ab") as scanner:
        scanner.write(b", and five more")
    station.drain()
    station.let_go()
    assert station.delivered() == [b"five pages", b"five pages, and five more"]
    assert [p.name for p in station.folder.iterdir() if p.name.startswith(".v")] == [".vaguemestre"]


def test_s27_a_crash_between_two_names_leaves_one_file_or_none(station: Station) -> None:
    path = station.drop("LOT1.tif", b"five")
    station.drain()
    [known] = station.spool.claims.copies.of_source("scan")
    second = path.with_name(f".vaguemestre-{known.lot_id}-{known.sha256[:16]}")
    path.rename(second)
    second.write_bytes(b"five and five more")
    station.reopen()
    station.let_go()
    station.drain()
    station.let_go()
    assert station.delivered() == [b"five", b"five and five more"]
    assert not second.exists()


def test_s27_a_file_that_is_only_touched_is_no_new_lot(station: Station) -> None:
    path = station.drop("LOT1.tif", b"scan")
    station.settle()
    os.utime(path, ns=(5, 5))
    station.drain()
    assert station.delivered() == [b"scan"]
    station.let_go()
    assert not path.exists()


def test_s27_what_grew_before_its_lot_was_read_is_read_with_it(station: Station) -> None:
    station.drop("LOT/1.tif", b"1")
    station.drop("LOT/2.tif", b"2, half")
    station.drop("LOT/3.tif", b"3")
    station.settle()
    station.drop("LOT/2.tif", b"2, half and whole")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert [file.path.read_bytes() for file in lot.files] == [
        *(b"1", b"2, half", b"2, half and whole", b"3"),
    ], "beside its earlier copy, in its place"
    assert [file.continues.sha256 if file.continues else None for file in lot.files] == [
        *(None, None, lot.files[1].sha256, None),
    ]
    station.drain()
    station.scan()
    assert station.delivered() == [b"1", b"2, half and whole", b"3"]
    assert station.status() == ["LOT - TERMINÉ.txt"]
    assert "encore écrit" in station.status_text("LOT - TERMINÉ.txt")


def test_s27_what_grew_while_its_lot_was_being_read_is_read_again(station: Station) -> None:
    station.drop("LOT1.tif", b"five")
    station.settle()
    [before] = station.spool.lots.lots_to_read()
    station.drop("LOT1.tif", b"five and five more")
    station.settle()
    state = station.spool.lots.record_result(
        before.lot.id, result_of(before), 1, {}, before.edition
    )
    assert state == "claimed", "what an older edition was read as is not taken"
    station.drain()
    assert station.delivered() == [b"five and five more"]


def test_s27_what_grew_while_its_lot_was_being_spooled_waits_for_the_next_look(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = station.drop("LOT1.tif", b"five pages")
    station.settle()
    place = station.spool.claims.find_placement

    def while_the_reader_ends(*arguments: Any) -> Placement:
        placement = place(*arguments)
        station.read()
        return placement

    monkeypatch.setattr(station.spool.claims, "find_placement", while_the_reader_ends)
    path.write_bytes(b"five pages, and five more")
    station.settle()
    monkeypatch.undo()
    station.drain()
    assert station.delivered() == [b"five pages", b"five pages, and five more"]
    assert len(station.centre.lots) == 2


def test_s27_what_grew_after_its_lot_was_read_is_a_lot_for_a_person_and_told(
    station: Station,
) -> None:
    station.drop("LOT1.tif", b"five")
    station.drain()
    station.drop("LOT1.tif", b"five and five more")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert lot.files[0].continues is not None
    assert lot.files[0].continues.path.read_bytes() == b"five"
    station.drain()
    station.scan()
    first, second = (station.centre.documents[i] for i in station.centre.arrivals)
    assert first.route.kind is RouteKind.STRAIGHT
    assert second.marks == ("continuation",)
    assert second.route.kind is RouteKind.NAME
    assert "continuation" in second.route.reasons
    assert station.status() == ["LOT1 (2) - TERMINÉ.txt", "LOT1 - TERMINÉ.txt"]
    assert "Suite du lot « LOT1 »" in station.status_text("LOT1 (2) - TERMINÉ.txt")
    assert "la suite est un autre lot" in station.status_text("LOT1 - TERMINÉ.txt")


def test_s27_after_a_restart_the_copied_file_is_still_no_new_lot(station: Station) -> None:
    path = station.drop("LOT1.tif", b"scan")
    station.drain()
    station.reopen()
    station.drain()
    assert station.delivered() == [b"scan"]
    assert path.exists()
    station.let_go()
    assert not path.exists()


def test_s27_a_file_that_somebody_else_removed_is_forgotten(station: Station) -> None:
    station.drop("LOT/1.tif", b"scan")
    station.settle()
    (station.folder / "LOT/1.tif").unlink()
    (station.folder / "LOT").rmdir()
    station.let_go()
    assert station.spool.claims.copies.of_source("scan") == ()


def test_s27_a_share_that_goes_away_proves_nothing_of_its_files(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.drain()
    run = station.sources._letting_go.run

    def unmount(now: float, is_mounted: Callable[[], bool]) -> object:
        station.folder.rename(station.root / "unmounted")
        station.folder.mkdir()
        return run(now, is_mounted)

    station.sources._letting_go.run = unmount  # type: ignore[method-assign, assignment]
    station.scan(30)
    station.sources._letting_go.run = run  # type: ignore[method-assign]
    shutil.rmtree(station.folder)
    (station.root / "unmounted").rename(station.folder)
    station.drain()
    assert station.delivered() == [b"scan"]


def test_s28_a_file_that_cannot_be_removed_is_one_lot_and_told_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.drop("LOT1.tif", b"scan")
    unlink = station.spool.claims.disk.unlink

    def refuse(path: Path | bytes, folder_fd: int | None = None) -> None:
        if folder_fd is not None:
            raise PermissionError(13, "denied")
        unlink(path)

    monkeypatch.setattr(station.spool.claims.disk, "unlink", refuse)
    station.drain()
    for _ in range(5):
        station.scan(700)
    assert station.delivered() == [b"scan"]
    [view] = station.spool.status.lots_overview()
    assert view.shown is OperatorState.DONE
    assert "Copié, mais ne peut pas être supprimé : LOT1.tif" in view.note
    assert len(station.told("files_stay")) == 1
    assert "ne peuvent pas être supprimés" in station.spool.status.sources_overview()[0].reason
    station.reopen()
    monkeypatch.setattr(station.spool.claims.disk, "unlink", unlink)
    station.drain()
    station.let_go()
    station.scan()
    assert station.delivered() == [b"scan"]
    assert not (station.folder / "LOT1.tif").exists()
    assert station.spool.status.sources_overview()[0].reason == ""


def test_a_lease_sees_who_has_the_file_open_and_who_asks_to(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"scan")
    fd = os.open(path, os.O_RDONLY)
    try:
        with path.open("ab"), release.watched(fd, is_share=False) as who:
            assert who() is Writers.SOME
        with release.watched(fd, is_share=False) as who:
            assert who() is Writers.NONE
            with pytest.raises(BlockingIOError):
                os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            assert who() is Writers.SOME
        with path.open("ab"):
            pass
        with release.watched(fd, is_share=True) as who:
            assert who() is Writers.UNKNOWN
    finally:
        os.close(fd)


def test_a_share_is_told_from_a_disk_by_its_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    lines = ["22 1 8:1 / / rw - ext4 /dev/sda1 rw"]
    lines += [f"23 22 0:40 / {tmp_path}/a\\040share rw,relatime shared:1 - cifs //srv/scan rw"]
    mounts.write_text("\n".join(lines))
    (tmp_path / "a share" / "scan").mkdir(parents=True)
    assert not release.is_on_share(tmp_path, mounts)
    assert release.is_on_share(tmp_path / "a share" / "scan", mounts)
    assert release.is_on_share(tmp_path / "missing", mounts)
