"""Damaged TIFFs: a page or a ValueError, nothing else."""

import io

from hypothesis import given
from hypothesis import strategies as st

from central.pictures.tiff_frame import only_frame
from tests.support.central import picture, tiff

LOT = tiff([picture(size=(64, 64)), picture(number=1, size=(64, 64))], compression="raw")


@given(
    st.lists(st.tuples(st.integers(0, len(LOT) - 1), st.integers(0, 255)), max_size=20),
    st.integers(0, len(LOT)),
    st.integers(0, 3),
)
def test_a_damaged_lot_gives_a_page_or_is_refused(
    changes: list[tuple[int, int]], length: int, index: int
) -> None:
    lot = bytearray(LOT)
    for at, value in changes:
        lot[at] = value
    for data in (bytes(lot), bytes(lot[:length])):
        try:
            alone = only_frame(io.BytesIO(data), index)
        except ValueError:
            continue
        assert len(alone) > 0
