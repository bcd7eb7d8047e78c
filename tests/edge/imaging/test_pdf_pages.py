"""A PDF page is rendered as people see it: its size, its finest content, what was typed."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2.version
import pytest
from pikepdf import Array, Dictionary, Name

from edge.errors import NoPage, PageTooLarge, PdfDynamicForm, PdfPortfolio, TooManyPages
from edge.imaging import pdf as pdf_module
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits, PageImage
from tests.support import pictures

A4 = (595, 842)
LETTERS = b"BT /F1 9 Tf 70 700 Td (Madame, Monsieur,) Tj ET"


class Drawn:
    """A PDF in the making: one page of images, text and notes."""

    def __init__(self, size: tuple[float, float] = A4) -> None:
        self.pdf = pikepdf.new()
        self.pdf.add_blank_page(page_size=size)
        self.page = self.pdf.pages[0].obj
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        self.font = self.pdf.make_indirect(font)
        self.page.Resources = Dictionary(XObject=Dictionary(), Font=Dictionary(F1=self.font))
        self.content = b""

    def stream(self, data: bytes, **more: Any) -> Any:
        made = pikepdf.Stream(self.pdf, data)
        for key, value in more.items():
            made[f"/{key}"] = value
        return made

    def image(self, width: int, height: int, *, mask: bool = False, **more: Any) -> Any:
        """Grey 200 all over, or a stencil of every second column."""
        told: dict[str, Any] = {"Type": Name.XObject, "Subtype": Name.Image}
        told |= {"Width": width, "Height": height, "BitsPerComponent": 1 if mask else 8}
        if mask:
            data = b"\xaa" * (-(-width // 8) * height)
            told["ImageMask"] = True
        else:
            data = b"\xc8" * (width * height)
            told["ColorSpace"] = Name.DeviceGray
        return self.stream(data, **told, **more)

    def put(self, item: Any, matrix: tuple[float, ...], name: str = "I0") -> "Drawn":
        self.page.Resources.XObject[f"/{name}"] = item
        numbers = " ".join(str(value) for value in matrix)
        self.content += f"q {numbers} cm /{name} Do Q\n".encode()
        return self

    def bytes(self) -> bytes:
        self.page.Contents = self.stream(self.content)
        out = io.BytesIO()
        self.pdf.save(out)
        return out.getvalue()


def decode(data: bytes, limits: Limits | None = None) -> PageImage:
    with open_source(data, limits or Limits()) as source:
        return source.page(0)


def over_all(size: tuple[float, float] = A4) -> tuple[float, ...]:
    return (size[0], 0, 0, size[1], 0, 0)


def test_a_fine_mask_over_a_coarse_picture_is_rendered_as_finely_as_the_mask() -> None:
    drawn = Drawn()
    drawn.put(drawn.image(620, 877), over_all())
    drawn.put(drawn.image(2480, 3508, mask=True), over_all(), "I1")
    assert decode(drawn.bytes()).dpi == pytest.approx(300, abs=1)


def test_the_mask_of_a_coarse_image_counts_as_well() -> None:
    drawn = Drawn()
    soft = drawn.image(1654, 2339)
    drawn.put(drawn.image(60, 80, SMask=soft), over_all())
    assert decode(drawn.bytes()).dpi == pytest.approx(200, abs=1)


def test_letters_over_a_coarse_background_are_rendered_as_a_letter() -> None:
    drawn = Drawn()
    drawn.put(drawn.image(595, 842), over_all())
    drawn.content += LETTERS
    assert decode(drawn.bytes()).dpi == pytest.approx(200, abs=1)


def test_outlines_of_letters_count_and_a_frame_does_not() -> None:
    for lines, dpi in ((200, 200), (4, 100)):
        drawn = Drawn()
        drawn.put(drawn.image(827, 1169), over_all())
        drawn.content += b" ".join(b"%d 300 m %d 320 l S" % (x, x + 2) for x in range(lines))
        assert decode(drawn.bytes()).dpi == pytest.approx(dpi, abs=1)


def test_text_that_a_reader_laid_unseen_under_a_scan_changes_nothing() -> None:
    drawn = Drawn()
    drawn.put(drawn.image(827, 1169), over_all())
    drawn.content += LETTERS.replace(b"70 700 Td", b"3 Tr 70 700 Td")
    assert decode(drawn.bytes()).dpi == pytest.approx(100, abs=1)


def test_an_image_inside_of_scaled_forms_is_as_fine_as_it_lies_on_the_page() -> None:
    drawn = Drawn()
    inner = drawn.stream(b"q 100 0 0 100 0 0 cm /I0 Do Q")
    inner.Type, inner.Subtype, inner.BBox = Name.XObject, Name.Form, Array([0, 0, 100, 100])
    inner.Matrix = Array([0.5, 0, 0, 0.5, 0, 0])
    inner.Resources = Dictionary(XObject=Dictionary(I0=drawn.image(1240, 1754)))
    # 100 units inside, halved by the form's matrix, are stretched over the whole page.
    drawn.put(inner, (595 / 50, 0, 0, 842 / 50, 0, 0), "F")
    assert decode(drawn.bytes()).dpi == pytest.approx(150, abs=1)


def test_a_page_measured_in_units_of_its_own_has_its_true_size() -> None:
    drawn = Drawn((297.5, 421))
    drawn.put(drawn.image(1654, 2339), over_all((297.5, 421)))
    drawn.page.UserUnit = 2
    page = decode(drawn.bytes())
    height, width = page.gray.shape
    assert page.dpi == pytest.approx(200, abs=1)
    assert (width * 25.4 / page.dpi, height * 25.4 / page.dpi) == pytest.approx((210, 297), abs=1)


@pytest.mark.parametrize("unit", [0, -1, 10**9])
def test_a_unit_that_cannot_be_is_not_believed(unit: int) -> None:
    drawn = Drawn()
    drawn.put(drawn.image(827, 1169), over_all())
    drawn.page.UserUnit = unit
    page = decode(drawn.bytes())
    assert page.dpi == pytest.approx(100, abs=0.2)
    assert page.gray.shape[1] == 827


def test_the_limits_hold_for_large_units_and_for_masks() -> None:
    drawn = Drawn()
    drawn.put(drawn.image(827, 1169), over_all())
    drawn.page.UserUnit = 900
    with pytest.raises(PageTooLarge):
        decode(drawn.bytes())
    drawn = Drawn()
    soft = drawn.image(8, 8)
    soft.Width, soft.Height = 60_000, 60_000
    drawn.put(drawn.image(8, 8, SMask=soft), over_all())
    with pytest.raises(PageTooLarge):
        decode(drawn.bytes())


def typed(value: str, *, appearance: bool, dynamic_twin: bool = False) -> bytes:
    """A form over an empty page with one text field."""
    drawn = Drawn()
    drawn.put(drawn.image(1654, 2339), over_all())
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="nom", V=value, F=4,
        Rect=Array([100, 600, 400, 640]), DA="/F1 24 Tf 0 g",
    )  # fmt: skip
    if appearance:
        look = drawn.stream(b"/Tx BMC BT /F1 24 Tf 0 g 4 10 Td (%s) Tj ET EMC" % value.encode())
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 300, 40])
        look.Resources = Dictionary(Font=Dictionary(F1=drawn.font))
        field.AP = Dictionary(N=look)
    field = drawn.pdf.make_indirect(field)
    drawn.page.Annots = Array([field])
    resources = Dictionary(Font=Dictionary(F1=drawn.font))
    form = Dictionary(Fields=Array([field]), DR=resources, DA="/F1 24 Tf 0 g")
    if not appearance:
        form.NeedAppearances = True
    if dynamic_twin:
        form.XFA = drawn.stream(b"<xdp/>")
    drawn.pdf.Root.AcroForm = form
    return drawn.bytes()


@pytest.mark.parametrize("appearance", [True, False])
@pytest.mark.parametrize("dynamic_twin", [True, False])
def test_what_was_typed_is_seen_with_its_appearance_and_without(
    appearance: bool, dynamic_twin: bool
) -> None:
    empty = decode(typed("", appearance=appearance, dynamic_twin=dynamic_twin)).gray
    filled = decode(typed("MARTIN", appearance=appearance, dynamic_twin=dynamic_twin)).gray
    zone = np.s_[560:680, 280:1110]
    assert np.count_nonzero(filled[zone] < 100) > np.count_nonzero(empty[zone] < 100) + 500


def test_a_note_that_somebody_laid_on_the_page_is_seen() -> None:
    drawn = Drawn()
    drawn.put(drawn.image(827, 1169), over_all())
    look = drawn.stream(b"0 g 0 0 200 40 re f")
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 200, 40])
    stamp = Dictionary(
        Type=Name.Annot, Subtype=Name.Stamp, F=4, Rect=Array([100, 600, 300, 640]),
        AP=Dictionary(N=look),
    )  # fmt: skip
    drawn.page.Annots = Array([drawn.pdf.make_indirect(stamp)])
    page = decode(drawn.bytes())
    assert page.dpi == pytest.approx(200, abs=1)
    assert (page.gray < 50).sum() > 50_000


def waiting(*, needs_rendering: bool, fields: int = 0) -> bytes:
    drawn = Drawn()
    drawn.content = LETTERS
    made = [drawn.pdf.make_indirect(Dictionary(FT=Name.Tx, T=f"f{n}")) for n in range(fields)]
    drawn.pdf.Root.AcroForm = Dictionary(Fields=Array(made), XFA=drawn.stream(b"<xdp/>"))
    if needs_rendering:
        drawn.pdf.Root.NeedsRendering = True
    return drawn.bytes()


def test_a_dynamic_form_says_so_and_is_never_a_page() -> None:
    with pytest.raises(PdfDynamicForm):
        open_source(waiting(needs_rendering=True), Limits())


def test_a_form_that_may_be_dynamic_is_marked_for_a_person() -> None:
    assert decode(waiting(needs_rendering=False)).marks == ("placeholder",)
    assert decode(waiting(needs_rendering=False, fields=1)).marks == ()


def with_attached(*files: tuple[str, bytes], portfolio: bool) -> bytes:
    drawn = Drawn()
    drawn.content = LETTERS
    for name, data in files:
        drawn.pdf.attachments[name] = pikepdf.AttachedFileSpec(drawn.pdf, data)
    if portfolio:
        drawn.pdf.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)
    return drawn.bytes()


def jpeg() -> bytes:
    return pictures.encoded(pictures.page(), "JPEG", quality=95)


def test_the_files_of_a_portfolio_are_its_pages_and_its_cover_is_none() -> None:
    scans = pictures.tiff(pictures.page(), pictures.ramp())
    data = with_attached(("a.tif", scans), ("b.jpg", jpeg()), portfolio=True)
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (100_000, 100_001, 200_000)
        for index, expected in (
            (200_000, pictures.page()), (100_001, pictures.ramp()), (100_000, pictures.page()),
        ):  # fmt: skip
            page = source.page(index)
            assert np.abs(page.gray.astype(int) - expected).mean() < 2
            assert page.marks == ()
        with pytest.raises(IndexError):
            source.page(0)


def test_files_attached_to_a_letter_are_pages_behind_its_own() -> None:
    data = with_attached(("a.jpg", jpeg()), ("factur-x.xml", b"<x/>"), portfolio=False)
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (0, 100_000)
        assert source.page(0).marks == ()


@pytest.mark.parametrize(
    ("data", "marks"),
    [
        (b"PK\x03\x04 and more", ("attachments",)),
        (b"Bonjour,", ("attachments",)),
        (b"", ()),
        (b"\xef\xbb\xbf<?xml version='1.0'?><invoice/>", ()),
    ],
)
def test_what_is_attached_to_a_claim_and_not_read_is_told_but_for_data_of_programs(
    data: bytes, marks: tuple[str, ...]
) -> None:
    made = with_attached(("a.jpg", jpeg()), ("b", data), portfolio=False)
    with open_source(made, Limits()) as source:
        assert tuple(source.indices) == (0, 100_000)
        assert source.page(0).marks == marks


def test_a_note_without_its_file_hides_no_other_file() -> None:
    drawn = Drawn()
    drawn.pdf.attachments["a.jpg"] = pikepdf.AttachedFileSpec(drawn.pdf, jpeg())
    note = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 9, 9]))
    drawn.page.Annots = Array([drawn.pdf.make_indirect(note), 7])
    with open_source(drawn.bytes(), Limits()) as source:
        assert tuple(source.indices) == (0, 100_000)
        assert source.page(0).marks == ()


def test_what_is_left_unread_of_a_portfolio_is_told_on_every_page() -> None:
    data = with_attached(("a.jpg", jpeg()), ("b.docx", b"PK-and-more"), portfolio=True)
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (100_000,)
        assert source.page(100_000).marks == ("attachments",)


def test_a_portfolio_of_nothing_that_is_read_says_so_and_is_never_a_page() -> None:
    for files in ([("b.docx", b"PK-and-more")],):
        with pytest.raises(PdfPortfolio):
            open_source(with_attached(*files, portfolio=True), Limits())


def test_an_attached_file_that_cannot_be_opened_leaves_the_others_readable() -> None:
    data = with_attached(("a.tif", b"II*\0\0\0\0\0"), ("b.jpg", jpeg()), portfolio=True)
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (100_000, 200_000)
        assert source.page(200_000).gray.min() < 50
        with pytest.raises(NoPage):
            source.page(100_000)


def test_portfolios_inside_of_portfolios_go_no_deeper() -> None:
    inner = with_attached(("a.jpg", jpeg()), portfolio=True)
    letter = with_attached(("a.jpg", jpeg()), portfolio=False)
    data = with_attached(("a.pdf", inner), ("b.pdf", letter), portfolio=True)
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (100_000, 200_000)
        with pytest.raises(PdfPortfolio):
            source.page(100_000)
        assert source.page(200_000).marks == ("attachments",)


def test_attached_files_share_the_limits_of_the_file() -> None:
    scans = pictures.tiff(*[pictures.page(20, 20)] * 3)
    data = with_attached(("a.tif", scans), ("b.tif", scans), portfolio=True)
    with pytest.raises(TooManyPages):
        open_source(data, Limits(max_pages=5))
    assert len(open_source(data, Limits(max_pages=6)).indices) == 6


def test_an_attached_file_that_unpacks_without_end_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf_module, "_MOST_ATTACHED_BYTES", 100_000)
    bomb = b"\xff\xd8\xff" + bytes(1_000_000)
    data = with_attached(("a.jpg", bomb), portfolio=True)
    with open_source(data, Limits()) as source, pytest.raises(PageTooLarge):
        source.page(100_000)


def test_no_program_in_a_file_can_be_run() -> None:
    assert not {"V8", "XFA"} & set(pypdfium2.version.PDFIUM_INFO.flags)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "dpi", "size_mm"),
    [
        ("06-compact.pdf", 299, (210, 292)),
        ("07-letterhead.pdf", 200, (210, 292)),
        ("11-userunit-2.pdf", 199, (210, 292)),
        ("32-hybrid-xfa.pdf", 200, (210, 297)),
        ("33-typed-acroform.pdf", 200, (210, 297)),
    ],
)
def test_pages_of_the_mail_are_rendered_as_they_are_seen(
    samples: Path, name: str, dpi: int, size_mm: tuple[int, int]
) -> None:
    page = decode((samples / "cases" / name).read_bytes())
    height, width = page.gray.shape
    assert page.dpi == pytest.approx(dpi, abs=1)
    assert (width * 25.4 / page.dpi, height * 25.4 / page.dpi) == pytest.approx(size_mm, abs=1)


@pytest.mark.samples
def test_a_dynamic_form_of_the_mail_is_set_aside(samples: Path) -> None:
    with pytest.raises(PdfDynamicForm):
        open_source((samples / "cases" / "10-dynamic-xfa.pdf").read_bytes(), Limits())


@pytest.mark.samples
def test_the_form_in_a_portfolio_of_the_mail_is_its_page(samples: Path) -> None:
    data = (samples / "cases" / "09-portfolio.pdf").read_bytes()
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (100_000,)
        assert source.page(100_000).gray.shape == (3437, 2472)


@pytest.mark.samples
def test_the_hybrid_form_shows_what_the_plain_one_shows(samples: Path) -> None:
    one, other = (
        decode((samples / "cases" / name).read_bytes()).gray
        for name in ("32-hybrid-xfa.pdf", "33-typed-acroform.pdf")
    )
    assert np.array_equal(one, other)
    zone = one[int(0.13 * 2339) : int(0.16 * 2339), 440:1575]
    assert np.count_nonzero(zone < 100) > 300  # the surname, typed in whatever face is there
