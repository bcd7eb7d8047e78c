"""PDF pages are rendered as they were scanned, and the broken ones say what they are."""

import contextlib
import io

import numpy as np
import pikepdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from edge.errors import (
    FileEncrypted,
    FileTruncated,
    NoPage,
    PageTooLarge,
    ReadingError,
    TooManyPages,
)
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.support import pictures
from tests.support.pictures import decoded

A4_PT = (595.276, 841.89)


def scan(*images: Image.Image, size: tuple[float, float] = A4_PT) -> bytes:
    """A PDF with one image over the whole of each page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=True)
    for image in images:
        canvas.drawImage(ImageReader(image), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def at(dpi: float, mode: str = "L") -> Image.Image:
    """An A4 page of so many dots an inch."""
    size = round(A4_PT[0] * dpi / 72), round(A4_PT[1] * dpi / 72)
    return Image.fromarray(pictures.page(*size)).convert(mode)


@pytest.mark.parametrize("dpi", [100, 150, 200, 240, 300])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK"])
def test_a_scan_is_rendered_at_its_own_resolution(dpi: int, mode: str) -> None:
    image = at(dpi, mode)
    page = decoded(scan(image))
    expected = np.asarray(at(dpi), np.uint8)
    assert abs(page.dpi - dpi) <= 0.005 * dpi
    assert abs(page.gray.shape[0] - image.height) <= 1
    assert abs(page.gray.shape[1] - image.width) <= 1
    height, width = (min(a, b) for a, b in zip(page.gray.shape, expected.shape, strict=True))
    difference = page.gray[:height, :width].astype(int) - expected[:height, :width]
    # CMYK goes through PDFium's own profile, in which black is not quite black.
    assert np.abs(difference).mean() < (12 if mode == "CMYK" else 1.5)


def test_a_finer_scan_is_lowered_to_three_hundred() -> None:
    page = decoded(scan(at(600)))
    assert page.dpi == pytest.approx(300, abs=1)
    assert page.gray.shape == (3508, 2481)


def test_a_drawn_page_is_rendered_at_two_hundred() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4_PT)
    canvas.drawString(100, 700, "Bonjour")
    canvas.drawImage(ImageReader(at(30)), 50, 50, 200, 300)  # a logo is not the page
    canvas.save()
    page = decoded(out.getvalue())
    assert page.dpi == pytest.approx(200, abs=0.5)
    assert page.gray.min() < 50


def test_a_page_says_which_way_up_it_is() -> None:
    with pikepdf.open(io.BytesIO(scan(at(100)))) as pdf:
        for turn in (0, 90, 180, 270):
            pdf.pages[0].rotate(turn, relative=False)
            out = io.BytesIO()
            pdf.save(out)
            shown = np.rot90(np.asarray(at(100)), k=-(turn // 90))
            found = decoded(out.getvalue()).gray
            middle = (slice(20, 800), slice(20, 800))
            assert np.abs(found[middle].astype(int) - shown[middle]).mean() < 3


def test_what_was_typed_into_a_pdf_form_is_part_of_the_page() -> None:
    def form(value: str) -> bytes:
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=A4_PT)
        canvas.acroForm.textfield(name="nom", value=value, x=100, y=600, width=300, height=40)
        canvas.showPage()
        canvas.save()
        return out.getvalue()

    empty, filled = decoded(form("")).gray, decoded(form("MARTIN")).gray
    assert (filled < 100).sum() > (empty < 100).sum() + 100


def protected(user: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(scan(at(72)))) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="propriétaire", user=user))
    return out.getvalue()


def without_pages() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.save(out)
    return out.getvalue()


def test_a_pdf_that_asks_for_a_password_says_so() -> None:
    with pytest.raises(FileEncrypted):
        open_source(protected("secret"), Limits())


def test_a_pdf_that_only_forbids_changes_is_read() -> None:
    assert decoded(protected("")).gray.min() == 0


def test_a_pdf_without_pages_says_so_whatever_was_read_before_it() -> None:
    """PDFium's last error outlives the file it was about."""
    for before in (protected("secret"), b"%PDF-1.4\nnothing", scan(at(72))):
        with contextlib.suppress(ReadingError):
            open_source(before, Limits())
        with pytest.raises(NoPage):
            open_source(without_pages(), Limits())


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.9, 0.999])
def test_a_cut_pdf_says_so(keep: float) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 200), np.uint8))
    whole = scan(noise, noise)
    with pytest.raises(FileTruncated):
        open_source(whole[: int(keep * len(whole))], Limits())


def test_lines_that_a_mail_gateway_left_before_the_file_do_no_harm() -> None:
    assert decoded(b"X-Gateway: scanned\r\n\r\n" + scan(at(72))).gray.min() == 0


def test_a_page_that_cannot_be_loaded_leaves_the_others_readable() -> None:
    with pikepdf.open(io.BytesIO(scan(at(72), at(72), at(72)))) as pdf:
        pdf.Root.Pages.Kids[1] = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Font))
        out = io.BytesIO()
        pdf.save(out)
    with open_source(out.getvalue(), Limits()) as source:
        read = []
        for index in range(source.page_count):
            try:
                read.append(source.page(index).gray.min() == 0)
            except ReadingError:
                read.append(False)
    assert read.count(True) == 2


def announcing(width: int, height: int, sheet: tuple[float, float] = A4_PT) -> bytes:
    """A page whose image announces a size that it does not have."""
    with pikepdf.open(io.BytesIO(scan(at(72), size=sheet))) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        image.Width, image.Height = width, height
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def test_an_image_over_the_limit_is_refused_by_its_dictionary() -> None:
    with pytest.raises(PageTooLarge):
        decoded(announcing(35_000, 35_000))


def test_a_sheet_of_many_metres_is_refused_and_a_long_one_rendered_lower() -> None:
    with pytest.raises(PageTooLarge):
        decoded(announcing(100, 100, sheet=(14_400, 14_400 * 2)))
    long = decoded(announcing(7_000, 14_000, sheet=(2_000, 4_000)))
    assert long.gray.size < Limits().max_page_pixels


def test_too_many_pages_are_refused_and_the_last_allowed_is_read() -> None:
    data = scan(*[at(36)] * 4)
    with pytest.raises(TooManyPages):
        open_source(data, Limits(max_pages=3))
    with open_source(data, Limits(max_pages=4)) as source:
        assert source.page(3).gray.min() == 0
