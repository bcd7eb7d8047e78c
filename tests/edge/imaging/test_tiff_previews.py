"""A preview is no page; a page that only bears a preview's mark is not lost."""

from pathlib import Path

import numpy as np
import pytest

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.support import pictures, tiffs
from tests.support.pictures import Gray

SUBFILE, OLD_SUBFILE, SUB_IFDS = 254, 255, 330
REDUCED, ONE_OF_MANY, MASK = 1, 2, 4
PAGE = pictures.ramp(400, 600)
OTHER = pictures.page(400, 600)
SMALL = pictures.ramp(100, 150)


def directory(gray: Gray, **more: int) -> tuple[tiffs.Fields, list[bytes]]:
    tags = {"subfile": SUBFILE, "old": OLD_SUBFILE, "photometric": tiffs.PHOTOMETRIC}
    fields = tiffs.page(gray.shape[1], gray.shape[0])
    told = {tags[name]: [value] for name, value in more.items()}
    return tiffs.stripped({**fields, **told}, [gray.tobytes()], gray.shape[0])


def indices(*pages: tuple[tiffs.Fields, list[bytes]], big: bool = False) -> tuple[int, ...]:
    with open_source(tiffs.compose(*pages, big=big), Limits()) as source:
        assert source.page_count == len(source.indices)
        return tuple(source.indices)


@pytest.mark.parametrize("mark", [{"subfile": REDUCED}, {"subfile": 3}, {"old": 2}])
@pytest.mark.parametrize("big", [False, True])
def test_a_preview_is_no_page_whichever_tag_says_so(mark: dict[str, int], big: bool) -> None:
    first, second = directory(PAGE), directory(OTHER, subfile=ONE_OF_MANY)
    preview = directory(SMALL, **mark)
    assert indices(first, preview, second, preview, big=big) == (0, 2)
    assert indices(preview, first, preview, second, big=big) == (1, 3)


def test_a_page_keeps_the_index_that_its_directory_has() -> None:
    """Whoever opens the file by that index, with previews or without, sees the same page."""
    data = tiffs.compose(directory(PAGE), directory(SMALL, subfile=REDUCED), directory(OTHER))
    with open_source(data, Limits()) as source:
        assert np.array_equal(source.page(0).gray, PAGE)
        assert np.array_equal(source.page(2).gray, OTHER)
        with pytest.raises(IndexError):
            source.page(1)


def test_a_file_of_nothing_but_previews_keeps_them_as_pages() -> None:
    assert indices(directory(SMALL, subfile=REDUCED), directory(SMALL, subfile=REDUCED)) == (0, 1)


def test_a_page_that_bears_the_mark_by_mistake_is_a_page() -> None:
    marked = directory(OTHER, subfile=REDUCED)
    assert indices(directory(PAGE), marked, marked) == (0, 1, 2)
    receipt = directory(pictures.page(350, 200), subfile=REDUCED)  # small, of another shape
    assert indices(directory(PAGE), receipt) == (0, 1)


def test_a_stamp_in_a_frame_of_its_own_shape_is_a_preview() -> None:
    assert indices(directory(PAGE), directory(pictures.page(160, 120), subfile=REDUCED)) == (0,)


def test_each_level_of_a_pyramid_is_a_preview() -> None:
    levels = [directory(pictures.page(400 // n, 600 // n), subfile=REDUCED) for n in (2, 4, 8)]
    assert indices(directory(PAGE), *levels) == (0,)


def test_a_mask_over_a_page_is_no_page() -> None:
    mask = directory(pictures.page(200, 300), subfile=MASK, photometric=4)
    assert indices(directory(PAGE), mask) == (0,)


def test_directories_beside_the_chain_are_no_pages() -> None:
    fields, strips = directory(PAGE)
    assert indices(({**fields, SUB_IFDS: [8]}, strips)) == (0,)


def test_a_lost_page_keeps_its_own_index_behind_previews() -> None:
    data = tiffs.compose(directory(PAGE), directory(SMALL, subfile=REDUCED), last_pointer=10**8)
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (0, 2)


@pytest.mark.samples
def test_a_scan_with_a_preview_is_one_page(samples: Path) -> None:
    data = (samples / "cases" / "03-thumbnail-directories.tif").read_bytes()
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (0,)
