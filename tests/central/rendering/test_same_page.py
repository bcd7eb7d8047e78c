"""What the station read, a keyer sees and a pôle receives is one page, whatever the file is."""

import contextlib
import hashlib
import io
from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from central.rendering.decode import View, decode
from central.rendering.page_pdf import PageWriter
from edge.imaging import cleaning
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.edge.imaging import test_pdf_pages as pdfs
from tests.support import paper, pictures, tiffs
from vaguemestre.model.document import DeliveryPage

Gray = NDArray[np.uint8]
PAGE = pictures.page(400, 600)
OTHER = pictures.ramp(400, 600)
SMALL = pictures.page(100, 150)
FIRST = 8
SUBFILE, ORIENTATION, JPEG_OFFSET, JPEG_LENGTH = 254, 274, 513, 514


def jpeg(gray: Gray = PAGE) -> bytes:
    return pictures.encoded(gray, "JPEG", quality=95)


def directory(gray: Gray, **more: list[int]) -> tuple[tiffs.Fields, list[bytes]]:
    height, width = gray.shape
    told = {int(tag.removeprefix("t")): values for tag, values in more.items()}
    return tiffs.stripped({**tiffs.page(width, height), **told}, [gray.tobytes()], height)


def old_style() -> bytes:
    stream = jpeg()
    told = {JPEG_OFFSET: [FIRST], JPEG_LENGTH: [len(stream)], tiffs.ROWS_PER_STRIP: [600]}
    return tiffs.compose(({**tiffs.page(400, 600, compression=6), **told}, [stream]))


def turned_old_style() -> bytes:
    stream = jpeg(pictures.stored(PAGE, 6))
    told = {ORIENTATION: [6], tiffs.ROWS_PER_STRIP: [400]}
    return tiffs.compose(({**tiffs.page(600, 400, compression=6), **told}, [stream]))


def turned_new_style() -> bytes:
    image = Image.fromarray(pictures.stored(PAGE, 6))
    return pictures.tiff(image, compression="jpeg", quality=95, tags={ORIENTATION: 6})


def capture() -> bytes:
    stream = jpeg()
    split = stream.index(b"\xff\xda")
    split += 2 + int.from_bytes(stream[split + 2 : split + 4])
    told = {
        JPEG_OFFSET: [FIRST],
        JPEG_LENGTH: [split],
        tiffs.STRIP_OFFSETS: [FIRST + split],
        tiffs.STRIP_COUNTS: [len(stream) - split],
        tiffs.ROWS_PER_STRIP: [600],
    }
    return tiffs.compose(({**tiffs.page(400, 600, compression=7), **told}, [stream]))


def behind_a_preview() -> bytes:
    return tiffs.compose(directory(OTHER), directory(SMALL, t254=[1]), directory(PAGE))


def colours_on_eight_bits() -> bytes:
    colours = list(reversed(range(256))) * 3
    fields = {**tiffs.page(400, 600, photometric=3), tiffs.COLORMAP: colours}
    return tiffs.compose(tiffs.stripped(fields, [(255 - OTHER).tobytes()], 600))


def twelve_bits() -> bytes:
    samples = (OTHER.astype(np.uint16) << 4).astype("<u2")
    return tiffs.compose(tiffs.stripped(tiffs.page(400, 600, bits=16), [samples.tobytes()], 600))


def in_its_own_unit() -> bytes:
    drawn = pdfs.Drawn((297.5, 421))
    drawn.put(drawn.image(827, 1169), pdfs.over_all((297.5, 421)))
    drawn.content += b"0 g 20 200 100 100 re f"
    drawn.page.UserUnit = 2
    return drawn.bytes()


def portfolio() -> bytes:
    """A cover over a form, a scan behind a preview and a photograph; the last one counts."""
    drawn = pdfs.Drawn()
    drawn.content = pdfs.LETTERS
    for name, data in (
        ("1.pdf", pdfs.typed("MARTIN", appearance=True)),
        ("2.tif", behind_a_preview()),
        ("3.docx", b"PK"),
        ("4.jpg", jpeg()),
    ):
        drawn.pdf.attachments[name] = pikepdf.AttachedFileSpec(drawn.pdf, data)
    drawn.pdf.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
    return drawn.bytes()


def with_a_scan_attached_to_its_page() -> bytes:
    drawn = pdfs.Drawn()
    drawn.content = pdfs.LETTERS
    spec = pikepdf.AttachedFileSpec(drawn.pdf, behind_a_preview()).obj
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.FileAttachment,
        Rect=pikepdf.Array([10, 10, 20, 20]),
        FS=spec,
    )
    # One that lost its file, and no note at all.
    lost = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment)
    drawn.page.Annots = pikepdf.Array([7, lost, drawn.pdf.make_indirect(note)])
    return drawn.bytes()


FILES: dict[str, Callable[[], bytes]] = {
    "old-style JPEG": old_style,
    "old-style JPEG, turned": turned_old_style,
    "JPEG, turned": turned_new_style,
    "LZW, turned": lambda: pictures.tiff(
        Image.fromarray(pictures.stored(PAGE, 6)), compression="tiff_lzw", tags={ORIENTATION: 6}
    ),
    "G4, turned": lambda: pictures.tiff(
        pictures.bitonal(pictures.stored(PAGE, 8)), compression="group4", tags={ORIENTATION: 8}
    ),
    "raw, mirrored": lambda: pictures.tiff(
        Image.fromarray(pictures.stored(PAGE, 2)), tags={ORIENTATION: 2}
    ),
    "capture": capture,
    "behind a preview": behind_a_preview,
    "colours on 8 bits": colours_on_eight_bits,
    "portfolio": portfolio,
    "scan attached to a page": with_a_scan_attached_to_its_page,
    "page in its own unit": in_its_own_unit,
    "typed": lambda: pdfs.typed("MARTIN", appearance=True),
    "typed, no appearance": lambda: pdfs.typed("MARTIN", appearance=False),
    "typed, dynamic twin": lambda: pdfs.typed("MARTIN", appearance=True, dynamic_twin=True),
}


def read(data: bytes) -> tuple[Gray, int, tuple[float, float]]:
    """The last page as a station reads it, its index and its size in millimetres."""
    with open_source(data, Limits()) as source:
        index = source.indices[-1]
        page = source.page(index)
    height, width = page.gray.shape
    return page.gray, index, (width * 25.4 / page.dpi, height * 25.4 / page.dpi)


def seen(data: bytes, index: int, mm: tuple[float, float], *, is_negative: bool = False) -> Gray:
    view = View(index, 0, 0.0, *mm, is_negative)
    return np.asarray(decode(io.BytesIO(data), view).convert("L"), np.uint8)


def delivered(
    data: bytes, index: int, mm: tuple[float, float], *, is_negative: bool = False
) -> bytes:
    digest = hashlib.sha256(data).digest()
    page = DeliveryPage(digest, index, "front", 0, "a", *mm, is_negative)
    with (
        contextlib.ExitStack() as opened,
        pikepdf.new() as made,
    ):
        PageWriter(made, opened, lambda pdf: pdf).append(page, io.BytesIO(data))
        out = io.BytesIO()
        made.save(out)
    return out.getvalue()


def alike(one: Gray, other: Gray) -> float:
    """Mean difference in grey levels of two pictures brought to one size."""
    size = (200, 300)
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA).astype(int) for p in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("kind", FILES)
def test_a_keyer_and_a_pole_see_the_page_that_was_read(kind: str) -> None:
    data = FILES[kind]()
    gray, index, mm = read(data)
    assert gray.min() < 100
    assert alike(gray, seen(data, index, mm)) < 3
    again, _, size = read(delivered(data, index, mm))
    assert alike(gray, again) < 3
    assert size == pytest.approx(mm, abs=1)


def test_a_page_of_twelve_bits_is_not_black_to_a_keyer() -> None:
    data = twelve_bits()
    gray, index, mm = read(data)
    assert alike(gray, seen(data, index, mm)) < 3


@pytest.mark.parametrize("kind", ["tiff", "pdf"])
def test_a_negative_is_shown_turned_over_and_its_image_goes_along_unaltered(kind: str) -> None:
    page = 255 - paper.text(paper.sheet())[::2, ::2]
    data = (
        pictures.tiff(page)
        if kind == "tiff"
        else pictures.encoded(Image.fromarray(page), "PDF", resolution=100, dpi=None)
    )
    gray, index, mm = read(data)
    assert cleaning.find_negative(gray, 100) is cleaning.Polarity.NEGATIVE
    assert alike(255 - gray, seen(data, index, mm, is_negative=True)) < 3
    pdf = delivered(data, index, mm, is_negative=True)
    assert alike(255 - gray, read(pdf)[0]) < 3
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (image,) = opened.pages[0].get_images().values()
        stored = np.asarray(
            pikepdf.PdfImage(cast(pikepdf.Stream, image)).as_pil_image().convert("L")
        )
    assert alike(gray, stored) < 3


def test_a_delivered_form_runs_no_program() -> None:
    data = pdfs.typed("MARTIN", appearance=True, dynamic_twin=True)
    _, index, mm = read(data)
    with pikepdf.open(io.BytesIO(delivered(data, index, mm))) as opened:
        assert "/XFA" not in opened.Root.get("/AcroForm", {})
    with pypdfium2.PdfDocument(delivered(data, index, mm)) as document:
        assert document.get_formtype() != pypdfium2.raw.FORMTYPE_XFA_FOREGROUND


def test_each_file_of_a_portfolio_is_seen_and_delivered_as_it_was_read() -> None:
    data = portfolio()
    with open_source(data, Limits()) as source:
        assert tuple(source.indices) == (100_000, 200_000, 200_002, 400_000)
        pages = [(index, source.page(index)) for index in source.indices]
    for index, page in pages:
        height, width = page.gray.shape
        mm = width * 25.4 / page.dpi, height * 25.4 / page.dpi
        assert alike(page.gray, seen(data, index, mm)) < 3
        assert alike(page.gray, read(delivered(data, index, mm))[0]) < 3


@pytest.mark.parametrize("index", [100_003, 300_000, 900_000])
def test_a_page_that_no_attached_file_has_is_an_error(index: int) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        seen(portfolio(), index, (210, 297))
    with pytest.raises(ValueError, match=r"\w+"):
        delivered(portfolio(), index, (210, 297))
