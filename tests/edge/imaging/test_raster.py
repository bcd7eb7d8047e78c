"""JPEG and PNG, and what neither is."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from edge.errors import (
    FileEmpty,
    FileTruncated,
    FormatUnknown,
    ImageUndecodable,
    PageTooLarge,
    ReadingError,
)
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits, PageImage
from tests.support import pictures
from tests.support.pictures import assert_same

PAGE = pictures.page()
RAMP = pictures.ramp()
ORIENTATION = 0x0112


def decode(data: bytes) -> PageImage:
    with open_source(data, Limits()) as source:
        assert source.page_count == 1
        return source.page(0)


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[ORIENTATION] = orientation
    return made


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_looks_the_same_in_grey(mode: str, progressive: bool) -> None:
    image = Image.fromarray(RAMP).convert(mode)
    page = decode(pictures.encoded(image, "JPEG", quality=95, progressive=progressive))
    assert_same(RAMP, page.gray, within=2.0)
    assert (page.dpi, page.dpi_known) == (100.0, True)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_a_png_is_unchanged(mode: str) -> None:
    page = decode(pictures.encoded(Image.fromarray(RAMP).convert(mode), "PNG"))
    assert_same(RAMP, page.gray)
    assert round(page.dpi) == 100


def test_a_png_of_one_bit_or_of_sixteen_is_unchanged() -> None:
    assert_same(PAGE, decode(pictures.encoded(pictures.bitonal(PAGE), "PNG")).gray)
    deep = Image.fromarray(RAMP.astype(np.uint16) * 257)
    assert_same(RAMP, decode(pictures.encoded(deep, "PNG")).gray)


def test_a_colour_that_a_png_calls_transparent_is_paper() -> None:
    image = Image.fromarray(np.where(PAGE == 255, 7, 0).astype(np.uint8))
    assert_same(PAGE, decode(pictures.encoded(image, "PNG", transparency=7)).gray)
    palette = Image.fromarray(PAGE).convert("P")
    data = pictures.encoded(palette, "PNG", transparency=palette.getpixel((399, 0)))
    assert_same(PAGE, decode(data).gray)


@pytest.mark.parametrize("orientation", pictures.ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_shown_as_its_exif_orientation_wants_it(orientation: int, kind: str) -> None:
    data = pictures.encoded(pictures.stored(PAGE, orientation), kind, exif=exif(orientation))
    assert_same(PAGE, decode(data).gray, within=2.0)


def test_a_broken_exif_block_costs_the_orientation_only() -> None:
    data = pictures.encoded(RAMP, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + b"\xff" * 40)
    assert_same(RAMP, decode(data).gray, within=2.0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_cut_picture_is_never_shown_with_its_rest_as_paper(kind: str) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (300, 400), np.uint8)
    whole = pictures.encoded(noise, kind)
    for keep in (0.3, 0.7, 0.97):
        with pytest.raises(FileTruncated):
            decode(whole[: int(keep * len(whole))])


def test_a_damaged_png_is_undecodable() -> None:
    whole = bytearray(pictures.encoded(RAMP, "PNG"))
    at = whole.index(b"IDAT") + 20
    whole[at : at + 8] = b"\xff" * 8
    with pytest.raises(ReadingError):
        decode(bytes(whole))


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and brings no pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def jpeg_header(width: int, height: int) -> bytes:
    """A small JPEG whose frame header lies about its size."""
    data = bytearray(pictures.encoded(PAGE, "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


@pytest.mark.parametrize("header", [png_header, jpeg_header])
def test_a_picture_over_the_limit_is_refused_by_its_header(
    header: Callable[[int, int], bytes],
) -> None:
    with pytest.raises(PageTooLarge):
        open_source(header(35_000, 35_000), Limits())
    assert open_source(header(12_000, 12_000), Limits()).page_count == 1


def test_a_text_chunk_that_inflates_without_end_is_refused() -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    body = b"Comment\0\0" + bomb
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    whole = pictures.encoded(PAGE, "PNG")
    end_of_header = 8 + 25
    with pytest.raises(ReadingError):
        decode(whole[:end_of_header] + chunk + whole[end_of_header:])


def test_an_empty_file_says_so() -> None:
    with pytest.raises(FileEmpty):
        open_source(b"", Limits())


def test_a_file_over_the_limit_is_not_looked_into() -> None:
    data = pictures.encoded(PAGE, "PNG")
    with pytest.raises(PageTooLarge):
        open_source(data, Limits(max_file_bytes=len(data) - 1))
    assert open_source(data, Limits(max_file_bytes=len(data))).page_count == 1


@pytest.mark.parametrize(
    "data", [b"\0", b"hello", b"GIF89a" + b"\0" * 50, b"PK\x03\x04" + b"\0" * 50, b"<html>"]
)
def test_what_is_no_image_is_told_as_such(data: bytes) -> None:
    with pytest.raises(FormatUnknown):
        open_source(data, Limits())


@pytest.mark.parametrize("data", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0junk"])
def test_a_mark_alone_is_not_a_picture(data: bytes) -> None:
    with pytest.raises((FileTruncated, ImageUndecodable)):
        decode(data)
