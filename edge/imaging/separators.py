"""Is there a separator on this page, of what kind, and where are its codes?

Our own sheets first, then barcodes that the settings name and the ``PATCHT`` code of common
separator sheets, then patch codes by their bars. Whether the page is nothing but a separator is
told by what else is written on it (``edge/pipeline/separator_pages.py``).

- Barcodes and QR codes (only here is zxing-cpp imported) are searched thoroughly: warped or blurred
  bars do not look like bars. Every kind of code takes 100 to 300 ms a page, those of our own and
  common separator sheets a fifth of that: all kinds are looked for only when asked.
- Our sheets' QR codes say ``VGM1;H;key=value;…;CCCCCCCC`` for a lot's header, ``VGM1;D;CCCCCCCC``
  for a document separator. The end is a CRC-32 of what stands before it, so that a misread or a
  stranger's code is never taken for ours.
- Patch codes are four bars across a sheet, narrow (0.08 inch) or wide (0.20 inch), 0.08 inch apart.
  They are read from the edge inward: patch 3 is patch T read the other way. Bands with nothing else
  between them are searched along a few scan lines in both directions, and neighbours must agree.
"""

import datetime as dt
import fnmatch
import re
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge.imaging.pixels import reduce, reduction_factor
from edge.results import Separator, SeparatorKind
from vaguemestre.model.lot import LotHeader

_QR_PX = 2400  # our own sheets' squares are large, and many pixels on larger images
_LONGEST_PX = 7200  # A4 at 600 dpi; larger pages are halved
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
# PATCHT sheets bear Code 39 as a rule; some programs print the same text as Code 128.
_BARS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code39, zxingcpp.BarcodeFormat.Code128])
_SQUARE = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Aztec])


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code: its text, its format as zxing names it, and where it lies.

    ``box`` is left, top, right and bottom as shares of the page's width and height; the page must
    be turned clockwise by ``rotation`` (0, 90, 180 or 270) for the code to be upright.
    """

    text: str
    format: str
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    rotation: int = 0


def read_barcodes(gray: NDArray[np.uint8], *, any_kind: bool = True) -> tuple[Barcode, ...]:
    """Read the codes of a page, whichever way they are turned.

    Args:
        gray: Height × width.
        any_kind: Look for all kinds of codes, not only QR codes, Code 39 and Code 128.
    """
    page = _barcodes_within(gray, _LONGEST_PX)
    small = _barcodes_within(page, _QR_PX)
    # A code so large that its squares are many pixels is found on a smaller image only.
    found = _told(
        zxingcpp.read_barcodes(small, formats=_QR, try_rotate=False, try_invert=False), small
    )
    if any_kind:
        found += _told(zxingcpp.read_barcodes(page), page)
        if small is not page:
            found += _told(zxingcpp.read_barcodes(small, formats=_SQUARE), small)
    else:
        found += _told(zxingcpp.read_barcodes(page, formats=_BARS), page)
    return _once(found)


def _barcodes_within(page: NDArray[np.uint8], longest_px: int) -> NDArray[np.uint8]:
    while max(page.shape) > longest_px:
        page = reduce(page, 2)
    return np.ascontiguousarray(page)


def _told(codes: list[zxingcpp.Barcode], page: NDArray[np.uint8]) -> tuple[Barcode, ...]:
    height, width = page.shape
    found = []
    for code in (code for code in codes if code.valid):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        xs, ys = [point.x / width for point in corners], [point.y / height for point in corners]
        box = (min(xs), min(ys), max(xs), max(ys))
        found.append(
            Barcode(code.text, str(code.format), box, -round(code.orientation / 90) * 90 % 360)
        )
    return tuple(found)


def _once(codes: tuple[Barcode, ...]) -> tuple[Barcode, ...]:
    """Each code once, though it was found on both sizes of the page."""
    kept: list[Barcode] = []
    for code in codes:
        if not any(_is_same(code, other) for other in kept):
            kept.append(code)
    return tuple(kept)


def _is_same(one: Barcode, other: Barcode) -> bool:
    apart = one.box[0] > other.box[2] or other.box[0] > one.box[2]
    apart = apart or one.box[1] > other.box[3] or other.box[1] > one.box[3]
    return one.text == other.text and one.format == other.format and not apart


_VERSION = "VGM1"
_MOST_CHARACTERS = 400
_MOST_COUNTED = 100_000  # documents of a lot, pages of a document
_MOST_URGENT = 100
_YEARS = (2000, 2100)
_SAFE = re.compile(r"[A-Za-z0-9_ -]{0,40}")


def encode_separator() -> str:
    """The text of a document separator's code."""
    return _signed(f"{_VERSION};D")


def encode_header(header: LotHeader) -> str:
    """The text of a header sheet's code.

    Raises:
        ValueError: a value holds other characters than letters, digits, spaces, ``-`` and ``_``.
    """
    values = {
        "p": header.process,
        "f": header.fund,
        "r": header.received_on.isoformat() if header.received_on else "",
        "t": header.expected_type,
        "n": _number(header.expected_documents),
        "e": _number(header.pages_each),
        "u": _number(header.priority or None),
        "o": "1" if header.original_seen else "",
        "a": _rescan(header.rescan_id) if header.rescan_id else "",
    }
    for value in values.values():
        if not _SAFE.fullmatch(value):
            raise ValueError(f"{value!r} cannot be printed on a header sheet")
    for count in (header.expected_documents, header.pages_each):
        _headersheet_within(str(count or 0), _MOST_COUNTED)
    _headersheet_within(str(header.priority), _MOST_URGENT)
    if header.received_on is not None:
        _day(header.received_on.isoformat())
    parts = [f"{key}={value}" for key, value in values.items() if value]
    return _signed(";".join([_VERSION, "H", *parts]))


def decode_sheet(text: str) -> Separator | None:
    """Read a code's text; None when it is not one of ours, whole and unaltered."""
    body, _, crc = text.rpartition(";")
    if len(text) > _MOST_CHARACTERS or not body.startswith(f"{_VERSION};") or crc != _crc(body):
        return None
    _, kind, *parts = body.split(";")
    if kind == "D" and not parts:
        return Separator(SeparatorKind.DOCUMENT, text)
    if kind != "H":
        return None
    values = dict(part.partition("=")[::2] for part in parts)
    if not all(_SAFE.fullmatch(value) for value in values.values()):
        return None  # whoever makes a CRC is not thereby one of us: nothing is taken on trust
    try:
        header = LotHeader(
            process=values.get("p", ""),
            fund=values.get("f", ""),
            received_on=_day(values["r"]) if "r" in values else None,
            expected_type=values.get("t", ""),
            expected_documents=_headersheet_within(values["n"], _MOST_COUNTED)
            if "n" in values
            else None,
            pages_each=_headersheet_within(values["e"], _MOST_COUNTED) if "e" in values else None,
            priority=_headersheet_within(values.get("u", "0"), _MOST_URGENT),
            original_seen="o" in values,
            rescan_id=_rescan(values["a"]) if "a" in values else "",
        )
    except ValueError:
        return None
    return Separator(SeparatorKind.HEADER, text, header)


def _headersheet_within(text: str, most: int) -> int:
    number = int(text)
    if not 0 <= number <= most:
        raise ValueError(f"{number} is not within 0 and {most}")
    return number


def _rescan(text: str) -> str:
    found = uuid.UUID(text)
    if found.version != 7 or str(found) != text:
        raise ValueError(f"{text!r} is no id of a request")
    return text


def _day(text: str) -> dt.date:
    day = dt.date.fromisoformat(text)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError(f"{day} is no day of receipt")
    return day


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _signed(body: str) -> str:
    return f"{body};{_crc(body)}"


def _crc(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08X}"


# Widths of the four bars from the edge inward, narrow 1, wide 2 (Kodak A-61599).
_PATTERNS: dict[tuple[int, ...], SeparatorKind] = {
    (2, 1, 1, 2): SeparatorKind.PATCH_2,
    (2, 1, 2, 1): SeparatorKind.PATCH_3,
    (1, 2, 1, 2): SeparatorKind.PATCH_T,
}
_NARROW_MM = (1.3, 3.0)
_WIDE_MM = (3.9, 6.8)
_GAP_MM = (1.0, 4.5)
_QUIET_MM = 4.0  # nothing dark this far before the first and after the last bar
_RUNS = 7  # four bars, and three gaps between them
_LINES = 24
_AGREE = 5  # neighbouring scan lines that must see the same patch
_WORK_DPI = 100.0


def find_patch(gray: NDArray[np.uint8], dpi: float) -> SeparatorKind | None:
    """Find a patch code on a page that may be turned or upside down.

    Args:
        gray: Height × width.
        dpi: Its resolution.
    """
    by = reduction_factor(dpi, _WORK_DPI)
    small = reduce(gray, by)
    level, _ = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = small <= level
    for turned in (dark, dark.T):
        found = _across(turned, dpi / by / 25.4)
        if found is not None:
            return found
    return None


def _across(dark: NDArray[np.bool_], px_per_mm: float) -> SeparatorKind | None:
    """Look down evenly spaced columns for a stack of bars that lie across them."""
    width = dark.shape[1]
    columns = np.linspace(width * 0.05, width * 0.95, _LINES).astype(int)
    lines = np.ascontiguousarray(dark[:, columns].T)
    seen = [_patches(line, px_per_mm) for line in lines]
    counts: Counter[SeparatorKind] = Counter()
    for kind in _PATTERNS.values():
        counts[kind] = _longest(kind in found for found in seen)
    kind, agreeing = counts.most_common(1)[0]
    return kind if agreeing >= _AGREE else None


def _patches(line: NDArray[np.bool_], px_per_mm: float) -> set[SeparatorKind]:
    """The patches whose bars lie along a line of pixels."""
    edges = np.flatnonzero(line[1:] != line[:-1]) + 1
    stops = np.concatenate([[0], edges, [len(line)]])
    if len(stops) <= _RUNS:
        return set()
    mm = np.diff(stops) / px_per_mm
    around = np.concatenate([[np.inf], mm, [np.inf]])  # beyond the sheet all is quiet
    windows = np.lib.stride_tricks.sliding_window_view(mm, _RUNS)
    starts = stops[: len(windows)]
    gaps = windows[:, 1::2]
    fits = line[starts] & np.all((gaps >= _GAP_MM[0]) & (gaps <= _GAP_MM[1]), axis=1)
    fits &= np.minimum(around[: len(windows)], around[_RUNS + 1 :]) >= _QUIET_MM
    found = set()
    for i in np.flatnonzero(fits).tolist():
        bars = tuple(_width(length) for length in windows[i, ::2].tolist())
        is_first_half = stops[i] <= len(line) - stops[i + _RUNS]
        if kind := _PATTERNS.get(bars if is_first_half else bars[::-1]):
            found.add(kind)
    return found


def _width(mm: float) -> int:
    if _NARROW_MM[0] <= mm <= _NARROW_MM[1]:
        return 1
    return 2 if _WIDE_MM[0] <= mm <= _WIDE_MM[1] else 0


def _longest(hits: Iterator[bool]) -> int:
    best = run = 0
    for hit in hits:
        run = run + 1 if hit else 0
        best = max(best, run)
    return best


_PATCH_T_TEXT = "PATCHT"
_AROUND_MM = 6.0  # a code's text stands under its bars
_STRIP_MM = 1.0
_LIKE = 0.6  # of the edges where a code was read: its bars go on
_FEWEST_EDGES = 20  # of a code of bars
_LEAST_CONTRAST = 40.0  # grey levels

Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the page


@dataclass(frozen=True, slots=True)
class Found:
    """A page's separator, and what its codes tell of the page.

    ``codes`` are the boxes around all codes that were read on it, ``rotation`` is by how much the
    page must be turned clockwise for the first of them to be upright; ``has_bars`` says whether a
    patch's bars cross the page.
    """

    separator: Separator
    codes: tuple[Box, ...]
    rotation: int
    has_bars: bool


def find_separator(gray: NDArray[np.uint8], dpi: float, named: Sequence[str]) -> Found | None:
    """Look at one page.

    Args:
        gray: Height × width, any way up.
        dpi: Its resolution.
        named: Texts of barcodes that separate, ``*`` and ``?`` as in file names.
    """
    codes = read_barcodes(gray, any_kind=bool(named))
    patch = find_patch(gray, dpi)
    separator = _by_text([code.text for code in codes], named)
    if separator is None and patch is not None:
        separator = Separator(patch)
    if separator is None:
        return None
    rotation = codes[0].rotation if codes else 0
    return Found(separator, tuple(code.box for code in codes), rotation, patch is not None)


def _by_text(texts: Sequence[str], named: Sequence[str]) -> Separator | None:
    for text in texts:
        if ours := decode_sheet(text):
            return ours
    for text in texts:
        if text == _PATCH_T_TEXT:
            return Separator(SeparatorKind.PATCH_T, text)
        if any(fnmatch.fnmatchcase(text, pattern) for pattern in named):
            return Separator(SeparatorKind.BARCODE, text)
    return None


def _along_bars(gray: NDArray[np.uint8], box: Box, step: int, is_across: bool) -> Box:
    """A code's box as far as its bars reach: a reader tells a strip of them only.

    Args:
        gray: The page so that bars stand upright, transposed where they do not.
        box: On the page as it is.
        step: Height in pixels of the strips that are compared.
        is_across: Whether ``gray`` is the page as it is.
    """
    left, top, right, bottom = box if is_across else (box[1], box[0], box[3], box[2])
    height, width = gray.shape
    columns = gray[:, max(0, round(left * width)) : max(1, round(right * width))]
    least = _LIKE * _edges(columns, round((top + bottom) / 2 * height), step)
    first, last = round(top * height), round(bottom * height)
    if least > _FEWEST_EDGES * _LIKE:
        while first > 0 and _edges(columns, first - step, step) >= least:
            first -= step
        while last < height and _edges(columns, last, step) >= least:
            last += step
    top, bottom = max(0, first) / height, min(height, last) / height
    return (left, top, right, bottom) if is_across else (top, left, bottom, right)


def _edges(columns: NDArray[np.uint8], top: int, step: int) -> int:
    """How often a strip changes between dark and light from left to right."""
    strip = columns[max(0, top) : max(0, top) + step]
    if not strip.size:
        return 0
    tones = strip.mean(axis=0)
    dark = tones < (float(tones.min()) + float(tones.max())) / 2
    if float(tones.max()) - float(tones.min()) < _LEAST_CONTRAST:
        return 0
    return int(np.count_nonzero(dark[1:] != dark[:-1]))


def without_codes(gray: NDArray[np.uint8], dpi: float, found: Found) -> NDArray[np.uint8]:
    """The page with its codes painted over in the paper's own grey, and what stands close to them.

    Our sheets bear the same code at two opposite corners: where one is worn out, the other tells
    where it is.
    """
    height, width = gray.shape
    around = _AROUND_MM * dpi / 25.4
    boxes = list(found.codes)
    if found.separator.kind in (SeparatorKind.DOCUMENT, SeparatorKind.HEADER):
        boxes += [(1 - right, 1 - bottom, 1 - left, 1 - top) for left, top, right, bottom in boxes]
    painted = gray.copy()
    paper = int(np.median(gray[::8, ::8]))
    step = max(1, round(_STRIP_MM * dpi / 25.4))
    is_across = found.rotation in (0, 180)
    boxes += [_along_bars(gray if is_across else gray.T, box, step, is_across) for box in boxes]
    for left, top, right, bottom in boxes:
        rows = slice(max(0, round(top * height - around)), max(0, round(bottom * height + around)))
        columns = slice(max(0, round(left * width - around)), max(0, round(right * width + around)))
        painted[rows, columns] = paper
    return painted
