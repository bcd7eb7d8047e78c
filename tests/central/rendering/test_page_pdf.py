"""One page out of a lot, without reading the others."""

import io

import numpy as np
import pytest
from PIL import Image

from central.pictures.tiff_frame import is_tiff, only_frame
from tests.support.central import picture, tiff


class _Counted(io.BytesIO):
    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def _pages(count: int, **options: object) -> bytes:
    return tiff([picture(number=number) for number in range(count)], **options)


@pytest.mark.parametrize("index", [0, 1, 6])
def test_the_frame_alone_shows_its_page(index: int) -> None:
    alone = only_frame(io.BytesIO(_pages(7)), index)
    with Image.open(io.BytesIO(alone)) as image:
        assert image.n_frames == 1  # type: ignore[attr-defined]
        assert np.array_equal(np.asarray(image), np.asarray(picture(number=index)))


def test_big_endian_files_are_read() -> None:
    lot = tiff([picture("I;16B")], compression="raw")
    assert lot[:2] == b"MM"
    with Image.open(io.BytesIO(only_frame(io.BytesIO(lot), 0))) as image:
        assert image.size == picture().size


def test_several_strips_stay_in_order() -> None:
    lot = tiff([picture("L", 4)], compression="tiff_lzw", tiffinfo={278: 16})
    with Image.open(io.BytesIO(only_frame(io.BytesIO(lot), 0))) as image:
        assert np.array_equal(np.asarray(image), np.asarray(picture("L", 4)))


def test_a_page_of_a_large_lot_costs_what_a_page_costs() -> None:
    pages = 300
    lot = _Counted(_pages(pages))
    alone = only_frame(lot, pages // 2)
    assert lot.read_bytes < 3 * len(alone) + pages * 8
    assert lot.read_bytes < len(lot.getvalue()) / 20


def test_a_page_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no such page"):
        only_frame(io.BytesIO(_pages(2)), 2)


def test_a_chain_of_pages_that_goes_in_circles_is_refused() -> None:
    lot = bytearray(_pages(1))
    offset = int.from_bytes(lot[4:8], "little")
    entries = int.from_bytes(lot[offset : offset + 2], "little")
    link = offset + 2 + 12 * entries
    lot[link : link + 4] = offset.to_bytes(4, "little")
    with pytest.raises(ValueError, match="no such page"):
        only_frame(io.BytesIO(bytes(lot)), 3)


def test_a_big_tiff_is_left_to_a_general_decoder() -> None:
    big = tiff([picture("L")], compression="raw", big_tiff=True)
    assert is_tiff(big)
    with pytest.raises(ValueError, match="classic"):
        only_frame(io.BytesIO(big), 0)
