"""Whatever is done to a file, decoding it gives pages or a reading error, nothing else."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from edge.errors import ReadingError
from edge.imaging.decode import is_complete, open_source
from edge.imaging.source_file import Limits
from tests.support import pictures, tiffs

LIMITS = Limits(max_page_pixels=1_000_000, max_pages=50, max_file_bytes=1_000_000)
SMALL = pictures.ramp(60, 40)


def _pdf() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(100, 100), invariant=True, pageCompression=1)
    canvas.drawString(10, 10, "Bonjour")
    canvas.save()
    return out.getvalue()


FILES = {
    "group4": pictures.tiff(*[pictures.bitonal(SMALL)] * 2, compression="group4"),
    "group3": pictures.tiff(pictures.bitonal(SMALL), compression="group3"),
    "lzw": pictures.tiff(SMALL, SMALL, compression="tiff_lzw"),
    "jpeg in tiff": pictures.tiff(SMALL, compression="jpeg"),
    "tiles": tiffs.compose(tiffs.tiled(SMALL, 16), tiffs.tiled(SMALL, 32)),
    "bigtiff": tiffs.compose(tiffs.tiled(SMALL, 16), big=True, endian=">"),
    "jpeg": pictures.encoded(SMALL, "JPEG"),
    "png": pictures.encoded(np.dstack([SMALL] * 4), "PNG"),
    "pdf": _pdf(),
}
BLOWS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8)


def read_all(data: bytes) -> None:
    is_complete(data)
    try:
        with open_source(data, LIMITS) as source:
            for index in range(source.page_count):
                try:
                    page = source.page(index)
                except ReadingError:
                    continue
                assert page.gray.dtype == np.uint8
                assert page.gray.ndim == 2
                assert 0 < page.gray.size <= LIMITS.max_page_pixels
                assert page.dpi > 0
    except ReadingError:
        return


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blows=BLOWS)
def test_a_file_with_bytes_struck_over_is_read_or_refused(
    kind: str, blows: list[tuple[int, int]]
) -> None:
    data = bytearray(FILES[kind])
    for place, value in blows:
        # Headers and directories are where it hurts: half of the blows go there.
        reach = 64 if place % 4 == 0 else len(data)
        at = place % reach if place % 4 != 1 else len(data) - 1 - place % min(300, len(data))
        data[at] = value
    read_all(bytes(data))


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.floats(0, 1), junk=st.binary(max_size=40))
def test_a_file_that_was_cut_and_continued_with_anything_is_read_or_refused(
    kind: str, cut: float, junk: bytes
) -> None:
    whole = FILES[kind]
    read_all(whole[: int(cut * len(whole))] + junk)


@settings(max_examples=100, deadline=None)
@given(
    mark=st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"%PDF-1.7", b"\xff\xd8\xff"]),
    rest=st.binary(),
)
def test_a_format_s_mark_with_anything_behind_it_is_read_or_refused(
    mark: bytes, rest: bytes
) -> None:
    read_all(mark + rest)
