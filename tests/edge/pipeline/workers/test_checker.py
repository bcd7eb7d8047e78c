"""What looks at files before they are claimed: its own process, with an end to its patience."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import FormatUnknown
from edge.pipeline.workers import Checker
from tests.support import pictures, reading, tiffs


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    one = Checker(replace(reading.settings(), networks=False), 60.0)
    yield one
    one.close()


def test_files_are_judged_by_their_end_and_what_is_no_file_is_told(
    checker: Checker, tmp_path: Path
) -> None:
    whole = pictures.tiff(pictures.page(), compression="tiff_lzw")
    (tmp_path / "whole.tif").write_bytes(whole)
    (tmp_path / "cut.tif").write_bytes(whole[:-20])
    (tmp_path / "empty.tif").touch()
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(40_000_000)  # mapped, not read
    (tmp_path / "link.tif").symlink_to("whole.tif")
    os.mkfifo(tmp_path / "fifo.tif")

    judged = {
        name: checker.is_whole(tmp_path / name)
        for name in ("whole.tif", "cut.tif", "empty.tif", "large.bin")
    }

    assert judged == {"whole.tif": True, "cut.tif": False, "empty.tif": False, "large.bin": False}
    for name in ("link.tif", "fifo.tif", "absent.tif"):
        with pytest.raises(OSError, match=r"not_regular_file|file_vanished"):
            checker.is_whole(tmp_path / name)


def test_a_file_is_looked_at_again_when_it_has_changed(checker: Checker, tmp_path: Path) -> None:
    whole = pictures.tiff(pictures.page(), compression="tiff_lzw")
    path = tmp_path / "growing.tif"
    path.write_bytes(whole[:-20])
    assert not checker.is_whole(path)
    path.write_bytes(whole)
    assert checker.is_whole(path)


def test_a_process_that_does_not_come_back_is_ended_and_its_file_concluded(tmp_path: Path) -> None:
    path = tmp_path / "page.tif"
    path.write_bytes(pictures.tiff(pictures.page(), compression="tiff_lzw"))
    checker = Checker(replace(reading.settings(), networks=False), 0.5)
    try:
        checker.start()
        stuck = checker.pid
        assert stuck is not None
        os.kill(stuck, 19)  # SIGSTOP: as a file that it never comes back from
        began = time.monotonic()
        assert checker.is_whole(path)
        assert time.monotonic() - began < 10
        checker.start()
        assert checker.pid != stuck
        (tmp_path / "cut.tif").write_bytes(path.read_bytes()[:-20])
        assert not checker.is_whole(tmp_path / "cut.tif")
    finally:
        checker.close()


def test_a_file_that_takes_hours_to_judge_is_concluded(checker: Checker, tmp_path: Path) -> None:
    path = tmp_path / "directories.tif"
    path.write_bytes(tiffs.overlapping(20_000, size=100_000_000))
    os.truncate(path, 100_000_000)
    began = time.monotonic()
    assert checker.is_whole(path)
    assert time.monotonic() - began < 60


def test_a_page_is_decoded_for_whoever_enrols_a_form(checker: Checker, tmp_path: Path) -> None:
    page = pictures.ramp()
    path = tmp_path / "two.tif"
    path.write_bytes(pictures.tiff(pictures.page(), page, compression="tiff_lzw", dpi=(100, 100)))
    found = checker.decode(path, 1)
    assert found is not None
    assert (found.dpi, found.dpi_known) == (100.0, True)
    np.testing.assert_array_equal(found.gray, page)
    assert checker.decode(path, 2) is None
    (tmp_path / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    with pytest.raises(FormatUnknown):
        checker.decode(tmp_path / "letter.doc", 0)
