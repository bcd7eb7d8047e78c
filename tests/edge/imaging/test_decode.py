"""A file is whole when what is written last is there."""

import mmap
import os
import time
from pathlib import Path

import numpy as np
import pytest

from edge.imaging.decode import is_complete
from tests.support import pictures, tiffs

NOISE = np.random.default_rng(0).integers(0, 255, (200, 300), np.uint8)
ONE_STRIP = tiffs.stripped(tiffs.page(300, 200), [NOISE.tobytes()], 200)
FILES = {
    "jpeg": pictures.encoded(NOISE, "JPEG"),
    "png": pictures.encoded(NOISE, "PNG"),
    "pdf": pictures.encoded(NOISE, "PDF", dpi=None),
    "tiff": tiffs.compose(ONE_STRIP, ONE_STRIP),
    "bigtiff": tiffs.compose(ONE_STRIP, big=True, endian=">"),
    "tiles": tiffs.compose(tiffs.tiled(NOISE, 64)),
    "group4": pictures.tiff(*[pictures.bitonal(NOISE)] * 3, compression="group4"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_finished_file_is_whole_and_its_beginnings_are_not(kind: str) -> None:
    data = FILES[kind]
    assert is_complete(data)
    for keep in (4, 20, len(data) // 4, len(data) // 2, len(data) - 10):
        assert not is_complete(data[:keep]), keep


def test_a_tiff_whose_directories_came_first_waits_for_its_pixels() -> None:
    """Some scanners write the directory before the strips: the file grows behind it."""
    whole = tiffs.compose(ONE_STRIP)
    assert is_complete(whole)
    pointers_first = bytearray(tiffs.compose(tiffs.stripped(tiffs.page(300, 200), [b""], 200)))
    assert not is_complete(bytes(pointers_first))


@pytest.mark.parametrize("data", [b"II", b"\x89PN", b"%PD", b"\xff"])
def test_the_first_bytes_of_a_mark_are_a_file_that_has_just_begun(data: bytes) -> None:
    assert not is_complete(data)


@pytest.mark.parametrize("data", [b"", b"\0" * 5_000, b"GIF89a and so on"])
def test_nothing_zeros_and_unknown_bytes_prove_no_end(data: bytes) -> None:
    """Room that a scanner made and has not filled yet looks like this."""
    assert not is_complete(data)


def test_a_chain_that_loops_is_whole_and_an_endless_one_too() -> None:
    data = tiffs.compose(ONE_STRIP)
    first = int.from_bytes(data[4:8], "little")
    assert is_complete(tiffs.compose(ONE_STRIP, last_pointer=first))


def test_twenty_thousand_directories_that_name_the_same_strips_are_judged_at_once(
    tmp_path: Path,
) -> None:
    """Looked through one by one they would take hours, and nobody else's would be."""
    path = tmp_path / "directories.tif"
    path.write_bytes(tiffs.overlapping(20_000, size=100_000_000))
    os.truncate(path, 100_000_000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        began = time.process_time()
        assert is_complete(data)
        assert time.process_time() - began < 20
