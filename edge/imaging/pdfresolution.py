"""How finely a PDF page must be rendered: as finely as the finest content that matters.

A scan in a PDF is one image a page: rendering it at another resolution would blur it. Compact
PDFs lay a fine mask over a coarse picture; typed letters lie over a background. So the finest
images that cover some of the page count, masks too, and whatever is drawn: text, outlines, notes.
Nothing is decoded.
"""

import ctypes
from typing import Any

import pypdfium2.raw as pdfium

from edge.imaging import resolution
from edge.imaging.pdffacts import PageFacts
from edge.imaging.source import Limits

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
    return min(max(dpi, LOWEST_DPI), resolution.HIGHEST_DPI)


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
