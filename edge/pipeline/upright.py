"""A page turned upright and straightened, its lines found, and read as far as that needs.

Which way up a page is, is told by reading it: hence this step lies in ``pipeline``, above
``edge.imaging`` and ``edge.ocr``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.classification import registration
from edge.imaging import cleaning
from edge.ocr import line_finder, orientation
from edge.ocr.engine import Gray, OcrEngine, Quad
from edge.ocr.lines import PageText, read_fast
from vaguemestre.model.forms import FormDefinition

_LEGIBLE = 0.6  # of a page's longest lines; below, its other side is tried
_CLEARLY = 0.1  # by which it must read better there
_ASKEW_DEG = 0.8  # of a form on a page that should be straight


@dataclass(frozen=True, slots=True)
class UprightPage:
    """A page upright and straight: its lines, and the form that they lie like, if any.

    ``rotation`` and ``skew_deg`` are what was done to it, in degrees. ``text`` is what its lines
    say at a glance, None where they lie like a form's: then a few are enough.
    """

    gray: Gray
    quads: Sequence[Quad]
    rotation: int
    skew_deg: float
    layout: registration.LayoutMatch | None
    text: PageText | None


def make_upright(
    gray: Gray, dpi: float, engine: OcrEngine, forms: Mapping[str, FormDefinition]
) -> UprightPage:
    """Turn a page upright, straighten it and find its lines.

    The line finder needs a page that lies along its lines; whether it does, and where it is not
    sure of the lines, the engine's own detector is asked. That takes some 40 times as long. A page
    that reads badly is tried on its other side too: bars and rules may have told the wrong one.
    """
    lying = orientation.lies_on_its_side(gray, dpi)
    if lying is None:
        lying = orientation.quads_lie(engine.find_lines(gray))
    first = _laid(gray, dpi, engine, forms, lying=lying)
    if first.text is None or not first.quads or orientation.legibility(first.text) >= _LEGIBLE:
        return first
    other = _laid(gray, dpi, engine, forms, lying=not lying)
    is_better = other.text is None or (
        orientation.legibility(other.text) > orientation.legibility(first.text) + _CLEARLY
    )
    return other if is_better else first


def _laid(
    gray: Gray, dpi: float, engine: OcrEngine, forms: Mapping[str, FormDefinition], *, lying: bool
) -> UprightPage:
    along = cleaning.quarter_turn(gray, 90 if lying else 0)
    skew = cleaning.estimate_skew(along)
    first = _straightened(along, skew, dpi, engine, forms, lying=lying)
    if first.layout is None or abs(first.layout.where.skew_deg) < _ASKEW_DEG:
        return first
    # Its form lies askew all the same: what is typed over combs hides how far a page is turned.
    skew = round(skew + first.layout.where.skew_deg, 2)
    again = _straightened(along, skew, dpi, engine, forms, lying=lying)
    return first if again.layout is None else again


def _straightened(
    gray: Gray,
    skew: float,
    dpi: float,
    engine: OcrEngine,
    forms: Mapping[str, FormDefinition],
    *,
    lying: bool,
) -> UprightPage:
    along = cleaning.straighten(gray, skew)
    found = line_finder.find_lines(along, dpi)
    quads: Sequence[Quad] = found.quads if found.is_sure else engine.find_lines(along)
    # The lines of no form lie like those of another, or of itself, upside down.
    if look := registration.match_layout(quads, dpi, forms):
        return UprightPage(along, quads, 90 if lying else 0, skew, look, None)
    over = orientation.turned_over(quads, along.shape)
    if look := registration.match_layout(over, dpi, forms):
        return UprightPage(
            cleaning.quarter_turn(along, 180), over, 270 if lying else 180, skew, look, None
        )
    text = read_fast(along, quads, engine)
    if not orientation.is_upside_down(text, engine):
        return UprightPage(along, quads, 90 if lying else 0, skew, None, text)
    along = cleaning.quarter_turn(along, 180)
    return UprightPage(
        along, over, 270 if lying else 180, skew, None, read_fast(along, over, engine)
    )
