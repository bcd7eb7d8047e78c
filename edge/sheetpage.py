"""Whether a page that bears a separator is a sheet, or somebody's page with a sticker on it.

Its codes are painted over and the rest is read. A clean sheet lies as its code says, and its lines
are found without a network; what is not plain then is looked at as any other page is, which takes
some ten times as long.

It stands above ``imaging`` and ``reading``, since what a page holds is told by reading it.
"""

from dataclasses import replace

from edge import upright
from edge.imaging import deskew, separators, turn
from edge.reading import sheetprint, textlines
from edge.reading.lines import PageText, bounds, skim
from edge.reading.readers import Gray, Readers
from edge.results import Separator


def judged(found: separators.Found, gray: Gray, dpi: float, readers: Readers) -> Separator:
    """The separator, with whether its page holds anything else.

    Patch 2 announces a document on its own first page: nothing need be looked at.

    Args:
        found: On the page.
        gray: The page, height × width, any way up.
        dpi: Its resolution.
        readers: The recognition networks.
    """
    separator = found.separator
    if separator.keeps_page:
        return separator
    painted = separators.without_codes(gray, dpi, found)
    if found.codes:
        # A sheet lies as its code does. Where a page with a sticker lies otherwise, it reads as
        # anything but a sheet.
        page = turn.turn(painted, found.rotation)
        page = deskew.straighten(page, deskew.estimate(page))
        seen = textlines.find(page, dpi)
        lines = _lines(skim(page, seen.quads, readers), readers)
        if sheetprint.is_plain_sheet(separator, lines, page, dpi):
            return separator
        if not seen.is_sure:
            lines = _lines(skim(page, readers.find_lines(page), readers), readers)
    else:
        laid = upright.of(painted, dpi, readers, {})
        page = laid.gray
        lines = _lines(laid.text or skim(page, laid.quads, readers), readers)
    if sheetprint.is_only_sheet(separator, lines, page, dpi, has_bars=found.has_bars):
        return separator
    return replace(separator, is_on_content=True)


def _lines(text: PageText, readers: Readers) -> list[sheetprint.Line]:
    by_hand = readers.by_hand(text.crops) if text.crops else []
    return [
        sheetprint.Line(reading.text, reading.confidence, chance, bounds(quad))
        for quad, reading, chance in zip(text.quads, text.readings, by_hand, strict=True)
    ]
