"""Facts of a PDF's own objects that its renderer does not tell; nothing is decoded or run.

A file that cannot be read this way has no such facts: it is rendered as it would be without them.

How finely a PDF page must be rendered: as finely as the finest content that matters.

A scan in a PDF is one image a page: rendering it at another resolution would blur it. Compact
PDFs lay a fine mask over a coarse picture; typed letters lie over a background. So the finest
images that cover some of the page count, masks too, and whatever is drawn: text, outlines, notes.
Nothing is decoded.
"""

import contextlib
import ctypes
import itertools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pypdfium2.raw as pdfium

from edge.errors import PageTooLarge
from edge.imaging import raster
from edge.imaging.source_file import Data, FileFormat, Limits, as_file, detect_format

_MOST_XOBJECTS = 2_000  # looked at, of a page
_MOST_ANNOTATED_PAGES = 1_000  # of a file, looked at for files attached to them
_DEPTH = 5
_UNITS = (0.01, 1_000.0)  # times 1/72 inch, that a page may be measured in
_HEAD_BYTES = 2_048
_BOM = b"\xef\xbb\xbf"

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Of one page: its unit in 1/72 inch, and the size of each finer mask by its image's size."""

    user_unit: float = 1.0
    masks: Mapping[Size, Size] = field(default_factory=dict)


class Attached:
    """One file attached to a PDF."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def kind(self) -> FileFormat | None:
        """Of its content; None for one that is not read, or cannot be unpacked."""
        try:
            return detect_format(self._head())
        except Exception:
            return None

    @property
    def is_data(self) -> bool:
        """Whether it is nothing, or what only programs read: the XML of an invoice."""
        try:
            return self._head().removeprefix(_BOM).lstrip()[:1] in (b"", b"<")
        except Exception:
            return False

    def _head(self) -> bytes:
        if self._stream.get("/Filter") == "/FlateDecode":
            packed = bytes(self._stream.read_raw_bytes()[:_HEAD_BYTES])
            return zlib.decompressobj().decompress(packed, _HEAD_BYTES)
        return bytes(self._stream.read_bytes()[:_HEAD_BYTES])

    def content(self, most: int) -> bytes:
        """All of it.

        Raises:
            PageTooLarge: more than ``most`` bytes.
        """
        if self._stream.get("/Filter") == "/FlateDecode" and "/DecodeParms" not in self._stream:
            return _inflated(bytes(self._stream.read_raw_bytes()), most)
        made = bytes(self._stream.read_bytes())
        if len(made) > most:
            raise PageTooLarge(f"an attached file of {len(made)} bytes")
        return made


class PdfFacts:
    """The objects of a PDF file; close after use."""

    def __init__(self, data: Data) -> None:
        self._pdf: Any = None
        with contextlib.suppress(Exception):  # qpdf raises of every kind for damaged files
            self._pdf = pikepdf.open(as_file(data))

    def page(self, index: int) -> PageFacts:
        """What a page says of itself; the usual where it says nothing or nonsense."""
        if self._pdf is None:
            return PageFacts()
        try:
            page = self._pdf.pages[index].obj
            unit = float(page.get("/UserUnit", 1))
            masks = dict(_masks(page.get("/Resources"), _DEPTH))
        except Exception:  # a damaged page; the renderer has its own word on it
            return PageFacts()
        return PageFacts(unit if _UNITS[0] <= unit <= _UNITS[1] else 1.0, masks)

    @property
    def is_portfolio(self) -> bool:
        """Whether the pages are but a cover over attached files."""
        return bool(self._read(lambda pdf: "/Collection" in pdf.Root and len(pdf.attachments) > 0))

    @property
    def has_fields(self) -> bool:
        """Whether its form has any field of its own, beside a dynamic form's template."""
        return bool(self._read(lambda pdf: len(pdf.Root.AcroForm.get("/Fields", [])) > 0))

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The files attached to the document and then to its pages, each once, in their order."""
        return self._read(lambda pdf: tuple(_attached(pdf))) or ()

    def _read(self, question: Any) -> Any:
        try:
            return question(self._pdf) if self._pdf is not None else None
        except Exception:
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._pdf is not None:
            self._pdf.close()
            self._pdf = None


def _masks(resources: Any, depth: int) -> Iterator[tuple[Size, Size]]:
    if resources is None or depth == 0:
        return
    for number, item in enumerate(dict(resources.get("/XObject", {})).values()):
        if number >= _MOST_XOBJECTS:
            return
        if item.get("/Subtype") == "/Form":
            yield from _masks(item.get("/Resources"), depth - 1)
            continue
        for key in ("/SMask", "/Mask"):
            mask = item.get(key)
            if isinstance(mask, pikepdf.Stream):
                yield _size(item), _size(mask)


def _size(image: Any) -> Size:
    return int(image.get("/Width", 0)), int(image.get("/Height", 0))


def _attached(pdf: Any) -> Iterator[Attached]:
    specs = [spec.obj for spec in pdf.attachments.values()]
    for page in itertools.islice(pdf.pages, _MOST_ANNOTATED_PAGES):
        specs += _in_notes(page.obj.get("/Annots"))
    seen: set[tuple[int, int]] = set()
    for spec in specs:
        files = spec.get("/EF")
        stream = files.get("/F", files.get("/UF")) if _is_dictionary(files) else None
        if isinstance(stream, pikepdf.Stream) and stream.objgen not in seen:
            seen.add(stream.objgen)
            yield Attached(stream)


def _in_notes(notes: Any) -> list[Any]:
    """What the notes of a page say of files; a note without its file hides no other one."""
    found = notes if isinstance(notes, pikepdf.Array) else ()
    specs = [
        note.get("/FS")
        for note in found
        if _is_dictionary(note) and note.get("/Subtype") == "/FileAttachment"
    ]
    return [spec for spec in specs if _is_dictionary(spec)]


def _is_dictionary(item: Any) -> bool:
    return isinstance(item, pikepdf.Dictionary)


def _inflated(packed: bytes, most: int) -> bytes:
    inflating = zlib.decompressobj()
    made = inflating.decompress(packed, most)
    if inflating.unconsumed_tail:
        raise PageTooLarge(f"an attached file of more than {most} bytes")
    return made


LOWEST_DPI = 72.0
_DRAWN_DPI = 200.0  # of what is drawn, not scanned
_SCAN_COVERS = 0.4  # of the page, from which an image is the page itself
_FINE_COVERS = 0.03  # of the page, from which images of a resolution are worth rendering at it
_MAX_OBJECTS = 20_000  # looked at; a page of more is drawn, not scanned
_MAX_DEPTH = 5
_OUTLINES = 40  # path segments, from which they are letters and not a frame
_UNSEEN = frozenset({pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP})
_NOT_DRAWN = frozenset({pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP})
_KINDS = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_PATH)


def wanted_dpi(page: Any, area_pt: float, facts: PageFacts, limits: Limits) -> float:
    """Resolution of a page in dots an inch of its true size.

    Args:
        page: PDFium's.
        area_pt: Of the page, in its own units.
        facts: Of the page.
        limits: Hold for the pixels of its images.

    Raises:
        PageTooLarge: its images hold more pixels than a page may.
    """
    images, is_drawn = _content(page, facts, limits)
    biggest, dpi = max(images, default=(0.0, 0.0))
    covered = 0.0
    for area, own in sorted(images, key=lambda image: -image[1]):
        covered += area
        if covered >= _FINE_COVERS * area_pt:
            dpi = max(dpi, own)
            break
    dpi /= facts.user_unit
    if is_drawn or biggest < _SCAN_COVERS * area_pt or _has_notes(page):
        dpi = max(dpi, _DRAWN_DPI)
    return min(max(dpi, LOWEST_DPI), raster.HIGHEST_DPI)


def _content(page: Any, facts: PageFacts, limits: Limits) -> tuple[list[tuple[float, float]], bool]:
    """Area (square units) and pixels in 72 units of each image; whether anything is drawn."""
    images: list[tuple[float, float]] = []
    pixels, segments, is_drawn = 0, 0, False
    for seen, item in enumerate(page.get_objects(filter=_KINDS, max_depth=_MAX_DEPTH)):
        if seen >= _MAX_OBJECTS:
            return images, True
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            width, height = _pixel_size(item)
            mask = facts.masks.get((width, height), (0, 0))
            pixels += width * height + mask[0] * mask[1]
            limits.check_pixels(pixels, 1)
            images.append(_area_and_dpi(item, max(width, mask[0]), max(height, mask[1])))
        elif not is_drawn and item.type == pdfium.FPDF_PAGEOBJ_TEXT:
            is_drawn = pdfium.FPDFTextObj_GetTextRenderMode(item.raw) not in _UNSEEN
        elif not is_drawn:
            segments += max(0, pdfium.FPDFPath_CountSegments(item.raw))
            is_drawn = segments >= _OUTLINES
    return images, is_drawn


def _pixel_size(image: Any) -> tuple[int, int]:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(image.raw, width, height):
        return 0, 0
    return width.value, height.value


def _area_and_dpi(image: Any, width: int, height: int) -> tuple[float, float]:
    """Area on the page in square units, and pixels in 72 units along the image's finer side.

    An image inside of forms is placed by its own matrix and then by theirs.
    """
    matrix, around = image.get_matrix(), image.container
    while around is not None:
        matrix = matrix.multiply(around.get_matrix())
        around = around.container
    a, b, c, d, *_ = matrix.get()
    across, down = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5
    if across <= 0 or down <= 0:
        return 0.0, 0.0
    return across * down, max(width / across, height / down) * 72


def _has_notes(page: Any) -> bool:
    """Whether fields, stamps or other notes lie on the page."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MAX_OBJECTS)):
        note = pdfium.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(note)
        pdfium.FPDFPage_CloseAnnot(note)
        if kind not in _NOT_DRAWN:
            return True
    return False
