"""A whole JPEG inside a TIFF page is read, whatever an image library says to the page."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import FileTruncated, ReadingError
from edge.imaging.decode import is_complete
from edge.imaging.source_file import PageImage
from tests.support import pictures, tiffs
from tests.support.pictures import Gray, decoded

PAGE = pictures.page(403, 301)
OLD, NEW, UNKNOWN = 6, 7, 34_999
JPEG_OFFSET, JPEG_LENGTH = 513, 514
FIRST = 8  # where the first bytes after a classic header lie


def jpeg(mode: str = "L", gray: Gray = PAGE) -> bytes:
    return pictures.encoded(Image.fromarray(gray).convert(mode), "JPEG", quality=95)


def shows_the_page(page: PageImage) -> bool:
    if page.gray.shape != PAGE.shape:
        return False
    return bool(np.abs(page.gray.astype(int) - PAGE).mean() < 2)


def fields(compression: int, photometric: int = 1) -> dict[int, list[int]]:
    made = tiffs.page(403, 301, compression=compression, photometric=photometric)
    return {tag: list(values) for tag, values in made.items()} | {tiffs.ROWS_PER_STRIP: [301]}


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("compression", [OLD, NEW, UNKNOWN])
def test_the_stream_that_the_interchange_tags_name_is_the_page(mode: str, compression: int) -> None:
    stream = jpeg(mode)
    told = {JPEG_OFFSET: [FIRST], JPEG_LENGTH: [len(stream)]}
    assert shows_the_page(decoded(tiffs.compose(({**fields(compression), **told}, [stream]))))


@pytest.mark.parametrize("compression", [OLD, NEW, UNKNOWN])
def test_the_one_strip_may_be_a_whole_stream(compression: int) -> None:
    assert shows_the_page(decoded(tiffs.compose((fields(compression), [jpeg("RGB")]))))


@pytest.mark.parametrize("compression", [OLD, NEW, UNKNOWN])
@pytest.mark.parametrize("apart", [0, 10])
def test_a_header_there_and_its_data_in_the_strip_are_one_stream(
    compression: int, apart: int
) -> None:
    """As capture programs write it; decoders of TIFF find neither tables nor frame in the strip."""
    stream = jpeg()
    split = stream.index(b"\xff\xda")
    split += 2 + int.from_bytes(stream[split + 2 : split + 4])
    strip = FIRST + split + apart
    told = {
        JPEG_OFFSET: [FIRST],
        JPEG_LENGTH: [split],
        tiffs.STRIP_OFFSETS: [strip],
        tiffs.STRIP_COUNTS: [len(stream) - split],
    }
    body = stream[:split] + b"\0" * apart + stream[split:]
    assert shows_the_page(decoded(tiffs.compose(({**fields(compression), **told}, [body]))))


@pytest.mark.parametrize("length", [0, 40, 10**9])
def test_a_wrong_length_of_the_stream_changes_nothing(length: int) -> None:
    told = {JPEG_OFFSET: [FIRST], JPEG_LENGTH: [length]}
    assert shows_the_page(decoded(tiffs.compose(({**fields(OLD), **told}, [jpeg()]))))


def test_white_may_be_zero_in_the_stream_as_well() -> None:
    page = decoded(tiffs.compose((fields(OLD, photometric=0), [jpeg(gray=255 - PAGE)])))
    assert shows_the_page(page)


def test_a_stream_of_another_size_is_a_preview_and_not_the_page() -> None:
    small = pictures.encoded(pictures.page(80, 60), "JPEG")
    told = {JPEG_OFFSET: [FIRST], JPEG_LENGTH: [len(small)], tiffs.STRIP_OFFSETS: [FIRST]}
    with pytest.raises(ReadingError):
        decoded(tiffs.compose(({**fields(NEW), **told}, [small])))


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_stream_that_is_cut_is_never_shown_as_a_page(keep: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, PAGE.shape, np.uint8)
    stream = jpeg(gray=noise)
    with pytest.raises(FileTruncated):
        decoded(tiffs.compose((fields(OLD), [stream[: int(keep * len(stream))]])))


@pytest.mark.parametrize("offset", [1, 9, 10**6, 2**32 - 1])
def test_an_offset_that_leads_nowhere_is_answered(offset: int) -> None:
    told = {JPEG_OFFSET: [offset], JPEG_LENGTH: [2**32 - 1]}
    with pytest.raises(ReadingError):
        decoded(tiffs.compose(({**fields(OLD), **told}, [b"\xff" * 5_000])))


def test_a_page_of_which_only_the_header_was_written_is_not_whole() -> None:
    stream = jpeg()
    told = {JPEG_OFFSET: [FIRST], JPEG_LENGTH: [len(stream)]}
    whole = tiffs.compose(({**fields(OLD), **told}, [stream]))
    assert is_complete(whole)
    beyond = {**told, tiffs.STRIP_COUNTS: [len(stream) + len(whole)]}
    assert not is_complete(tiffs.compose(({**fields(OLD), **beyond}, [stream])))


@pytest.mark.samples
@pytest.mark.parametrize("name", ["01-old-style-jpeg-grey.tif", "02-capture-tag-7.tif"])
def test_pages_that_image_libraries_refuse_are_read(samples: Path, name: str) -> None:
    page = decoded((samples / "cases" / name).read_bytes())
    assert page.gray.shape == (2291, 1648)
    assert page.dpi == 200
    assert 150 < page.gray.mean() < 250
