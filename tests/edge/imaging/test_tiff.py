"""Every kind of TIFF that scanners write comes out as the picture that went in."""

import zlib

import numpy as np
import pytest
from PIL import Image

from edge.errors import FileTruncated, ImageUndecodable, NoPage, PageTooLarge, ReadingError
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.support import pictures, tiffs
from tests.support.pictures import Gray, assert_same, decoded

PAGE = pictures.page()
RAMP = pictures.ramp()


@pytest.mark.parametrize(
    "compression", ["raw", "group3", "group4", "tiff_ccitt", "tiff_lzw", "tiff_deflate", "packbits"]
)
def test_a_bitonal_page_is_unchanged_whatever_packed_it(compression: str) -> None:
    page = decoded(pictures.tiff(pictures.bitonal(PAGE), compression=compression))
    assert_same(PAGE, page.gray)
    assert (page.dpi, page.dpi_known, page.marks) == (100.0, True, ())


@pytest.mark.parametrize(
    "compression", ["raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits"]
)
@pytest.mark.parametrize("predictor", [1, 2])
def test_a_grey_page_is_unchanged_whatever_packed_it(compression: str, predictor: int) -> None:
    tags = {317: predictor} if "lzw" in compression or "deflate" in compression else {}
    assert_same(RAMP, decoded(pictures.tiff(RAMP, compression=compression, tags=tags)).gray)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_in_a_tiff_looks_the_same(mode: str) -> None:
    data = pictures.tiff(Image.fromarray(RAMP).convert(mode), compression="jpeg", quality=95)
    assert_same(RAMP, decoded(data).gray, within=1.5)


def test_tiles_are_put_together_and_what_fills_up_the_last_ones_is_cut() -> None:
    page = pictures.ramp(210, 150)
    assert_same(page, decoded(tiffs.compose(tiffs.tiled(page, side=64))).gray)


def test_strips_are_read_in_both_byte_orders_and_in_bigtiff() -> None:
    strips = [RAMP[y : y + 64].tobytes() for y in range(0, 300, 64)]
    page = tiffs.stripped(tiffs.page(400, 300), strips, rows=64)
    for endian in "<>":
        for big in (False, True):
            assert_same(RAMP, decoded(tiffs.compose(page, endian=endian, big=big)).gray)


def test_white_may_be_zero() -> None:
    page = tiffs.stripped(tiffs.page(400, 300, photometric=0), [(255 - RAMP).tobytes()], 300)
    assert_same(RAMP, decoded(tiffs.compose(page)).gray)


def test_colours_may_be_stored_plane_by_plane() -> None:
    fields = tiffs.page(400, 300, photometric=2, samples=3, planar=2)
    page = tiffs.stripped({**fields, tiffs.BITS: [8, 8, 8]}, [RAMP.tobytes()] * 3, 300)
    assert_same(RAMP, decoded(tiffs.compose(page)).gray)


def test_a_transparent_background_is_paper() -> None:
    alpha = np.where(PAGE < 255, 255, 0).astype(np.uint8)
    black = np.zeros_like(PAGE)
    page = Image.merge("RGBA", [Image.fromarray(band) for band in (black, black, black, alpha)])
    assert_same(PAGE, decoded(pictures.tiff(page, compression="tiff_lzw")).gray)


def test_half_transparent_ink_is_half_as_dark() -> None:
    black, half = np.zeros_like(PAGE), np.full_like(PAGE, 128)
    page = Image.merge("LA", [Image.fromarray(black), Image.fromarray(half)])
    assert_same(np.full_like(PAGE, 127), decoded(pictures.tiff(page)).gray)


def test_a_page_that_is_transparent_everywhere_is_shown_and_not_lost_as_blank() -> None:
    nothing = Image.fromarray(np.zeros_like(PAGE))
    page = Image.merge("RGBA", [*[Image.fromarray(PAGE)] * 3, nothing])
    assert_same(PAGE, decoded(pictures.tiff(page)).gray)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_ink_of_four_colours_is_dark_and_none_of_it_is_paper(compression: str) -> None:
    key = Image.fromarray(255 - PAGE)
    none = Image.fromarray(np.zeros_like(PAGE))
    page = Image.merge("CMYK", [none, none, none, key])
    assert_same(PAGE, decoded(pictures.tiff(page, compression=compression)).gray)


@pytest.mark.parametrize("endian", ["<", ">"])
def test_sixteen_bits_keep_the_upper_eight(endian: str) -> None:
    samples = (RAMP.astype(np.uint16) * 257).astype(f"{endian}u2")
    fields = tiffs.page(400, 300, bits=16)
    page = tiffs.stripped(fields, [samples.tobytes()], 300)
    assert_same(RAMP, decoded(tiffs.compose(page, endian=endian)).gray)


def test_twelve_bits_in_sixteen_are_not_a_black_page() -> None:
    samples = (RAMP.astype(np.uint16) << 4).astype("<u2")
    page = tiffs.stripped(tiffs.page(400, 300, bits=16), [samples.tobytes()], 300)
    assert_same(RAMP, decoded(tiffs.compose(page)).gray)


def test_colours_of_sixteen_bits_are_read() -> None:
    samples = np.repeat((RAMP.astype(np.uint16) * 257)[:, :, None], 3, axis=2).astype("<u2")
    fields = tiffs.page(400, 300, photometric=2, samples=3)
    page = tiffs.stripped({**fields, tiffs.BITS: [16, 16, 16]}, [samples.tobytes()], 300)
    assert_same(RAMP, decoded(tiffs.compose(page)).gray, within=1.0)


@pytest.mark.parametrize(("highest", "marks"), [(257, ()), (1, ("colormap_repaired",))])
def test_a_colour_map_is_followed_also_when_it_was_written_on_eight_bits(
    highest: int, marks: tuple[str, ...]
) -> None:
    """Written on 8 bits it is all but black, and decoders say nothing."""
    colours = [value * highest for value in reversed(range(256))] * 3
    fields = {**tiffs.page(400, 300, photometric=3), tiffs.COLORMAP: colours}
    page = decoded(tiffs.compose(tiffs.stripped(fields, [(255 - RAMP).tobytes()], 300)))
    assert_same(RAMP, page.gray)
    assert page.marks == marks


@pytest.mark.parametrize("orientation", pictures.ORIENTATIONS)
@pytest.mark.parametrize("compression", ["group4", "tiff_lzw"])
def test_a_page_is_shown_as_its_orientation_tag_wants_it(
    orientation: int, compression: str
) -> None:
    image = pictures.bitonal(pictures.stored(PAGE, orientation))
    page = decoded(pictures.tiff(image, compression=compression, tags={274: orientation}))
    assert_same(PAGE, page.gray)
    assert page.gray.flags.c_contiguous


def test_an_orientation_that_does_not_exist_turns_nothing() -> None:
    assert_same(PAGE, decoded(pictures.tiff(PAGE, tags={274: 99})).gray)


def test_pages_of_a_file_are_read_in_any_order_each_with_its_own_size() -> None:
    pages = [pictures.page(300 + 20 * i, 200 + 10 * i, ink=5 * i) for i in range(6)]
    with open_source(pictures.tiff(*pages, compression="tiff_lzw"), Limits()) as source:
        assert source.page_count == 6
        for index in (5, 0, 3, 3, 1):
            assert_same(pages[index], source.page(index).gray)
        for outside in (-1, 6):
            with pytest.raises(IndexError):
                source.page(outside)


def test_pages_of_a_file_may_be_packed_each_in_its_own_way() -> None:
    tile = tiffs.tiled(RAMP, side=128)
    strip = tiffs.stripped(tiffs.page(400, 300), [RAMP.tobytes()], 300)
    with open_source(tiffs.compose(tile, strip, tile), Limits()) as source:
        for index in range(3):
            assert_same(RAMP, source.page(index).gray)


def test_strips_without_byte_counts_run_on_to_the_next() -> None:
    strips = [RAMP[:150].tobytes(), RAMP[150:].tobytes()]
    for counts in ([0, 0], []):
        fields, _ = tiffs.stripped(tiffs.page(400, 300), strips, rows=150)
        page = ({**fields, tiffs.STRIP_COUNTS: counts}, strips)
        # The second strip then reaches over the directory: decoders take what they need.
        assert_same(RAMP, decoded(tiffs.compose(page)).gray)


def test_a_chain_of_directories_that_loops_ends_where_it_bites_its_tail() -> None:
    page = tiffs.stripped(tiffs.page(400, 300), [RAMP.tobytes()], 300)
    twice = tiffs.compose(page, page)
    first = int.from_bytes(twice[4:8], "little")
    with open_source(tiffs.compose(page, page, last_pointer=first), Limits()) as source:
        assert source.page_count == 2


def test_a_chain_that_leads_outside_the_file_tells_of_the_lost_page() -> None:
    page = tiffs.stripped(tiffs.page(400, 300), [RAMP.tobytes()], 300)
    with open_source(tiffs.compose(page, last_pointer=10**8), Limits()) as source:
        assert source.page_count == 2
        assert_same(RAMP, source.page(0).gray)
        with pytest.raises(FileTruncated):
            source.page(1)


def test_a_file_without_directory_has_no_page() -> None:
    with pytest.raises(NoPage):
        open_source(b"II*\0\0\0\0\0", Limits())


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "jpeg"])
def test_a_cut_file_says_so_and_its_whole_pages_are_read(compression: str) -> None:
    is_jpeg = compression == "jpeg"
    pages = [PAGE, PAGE] if is_jpeg else [pictures.bitonal(PAGE)] * 2
    whole = pictures.tiff(*pages, compression=compression)
    with open_source(whole[:-20], Limits()) as source:
        assert_same(PAGE, source.page(0).gray, within=2.0 if is_jpeg else 0.0)
        with pytest.raises(FileTruncated):
            source.page(source.page_count - 1)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_pixels_that_are_not_there_are_never_shown_as_paper(keep: float) -> None:
    """A strip shorter than its rows: libtiff alone would fill up and say nothing."""
    data = tiffs.compose(tiffs.stripped(tiffs.page(400, 300), [RAMP.tobytes()], 300))
    strip = RAMP.tobytes()[: int(keep * 120_000)]
    cut = tiffs.compose(tiffs.stripped(tiffs.page(400, 300), [strip or b"\0"], 300))
    assert decoded(data).gray.shape == (300, 400)
    with pytest.raises(ReadingError):
        decoded(cut)


@pytest.mark.parametrize("compression", [1, 8])
def test_a_strip_that_is_missing_is_not_shown_as_paper(compression: int) -> None:
    def packed(rows: Gray) -> bytes:
        return zlib.compress(rows.tobytes()) if compression == 8 else rows.tobytes()

    fields = tiffs.page(400, 300, compression=compression)
    for strips in ([packed(RAMP[:100]), packed(RAMP[100:200])], [packed(RAMP[:100]), b"", b""]):
        with pytest.raises(ReadingError):
            decoded(tiffs.compose(tiffs.stripped(fields, strips, rows=100)))


def test_a_damaged_page_leaves_the_others_readable() -> None:
    good = tiffs.stripped(tiffs.page(400, 300), [RAMP.tobytes()], 300)
    bad = tiffs.stripped(tiffs.page(400, 300, compression=8), [b"not deflated"], 300)
    with open_source(tiffs.compose(good, bad, good), Limits()) as source:
        assert_same(RAMP, source.page(2).gray)
        with pytest.raises(ImageUndecodable):
            source.page(1)


@pytest.mark.parametrize(
    "fields",
    [
        tiffs.page(35_000, 35_000),
        tiffs.page(1, 2**31),
        tiffs.page(100, 100, tile_width=2**20, tile_height=2**20),
        tiffs.page(1000, 1000, samples=60_000),
        tiffs.page(1000, 1000, bits=60_000),
    ],
)
def test_a_page_over_the_limits_is_refused_before_it_is_decoded(fields: tiffs.Fields) -> None:
    """There is nothing to decode in these files: only a look at the header can tell."""
    data = tiffs.compose((fields, [b"\0"]))
    with open_source(data, Limits()) as source, pytest.raises(PageTooLarge):
        source.page(0)


def test_a_size_of_nothing_is_undecodable() -> None:
    for width, height in ((0, 100), (100, 0)):
        with pytest.raises(ImageUndecodable):
            decoded(tiffs.compose((tiffs.page(width, height), [b"\0"])))
