"""A page turned upright and straightened, its lines found, and read as far as that needs.

It stands above ``imaging`` and ``reading``, since which way up a page is, is told by reading it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.imaging import deskew, turn
from edge.reading import orient, outline, textlines
from edge.reading.lines import PageText, skim
from edge.reading.readers import Gray, Quad, Readers
from vaguemestre.model.forms import FormDefinition

_LEGIBLE = 0.6  # of a page's longest lines; below, its other side is tried
_CLEARLY = 0.1  # by which it must read better there
_ASKEW_DEG = 0.8  # of a form on a page that should be straight


@dataclass(frozen=True, slots=True)
class Upright:
    """A page upright and straight: its lines, and the form that they lie like, if any.

    ``rotation`` and ``skew_deg`` are what was done to it, in degrees. ``text`` is what its lines
    say at a glance, None where they lie like a form's: then a few are enough.
    """

    gray: Gray
    quads: Sequence[Quad]
    rotation: int
    skew_deg: float
    outline: outline.Outline | None
    text: PageText | None


def of(gray: Gray, dpi: float, readers: Readers, forms: Mapping[str, FormDefinition]) -> Upright:
    """Turn a page upright, straighten it and find its lines.

    The line finder needs a page that lies along its lines; whether it does, and where it is not
    sure of the lines, the readers' own detector is asked. That takes some 40 times as long. A page
    that reads badly is tried on its other side too: bars and rules may have told the wrong one.
    """
    lying = orient.lies_on_its_side(gray, dpi)
    if lying is None:
        lying = orient.quads_lie(readers.find_lines(gray))
    first = _laid(gray, dpi, readers, forms, lying=lying)
    if first.text is None or not first.quads or orient.legibility(first.text) >= _LEGIBLE:
        return first
    other = _laid(gray, dpi, readers, forms, lying=not lying)
    is_better = other.text is None or (
        orient.legibility(other.text) > orient.legibility(first.text) + _CLEARLY
    )
    return other if is_better else first


def _laid(
    gray: Gray, dpi: float, readers: Readers, forms: Mapping[str, FormDefinition], *, lying: bool
) -> Upright:
    along = turn.turn(gray, 90 if lying else 0)
    skew = deskew.estimate(along)
    first = _straightened(along, skew, dpi, readers, forms, lying=lying)
    if first.outline is None or abs(first.outline.where.skew_deg) < _ASKEW_DEG:
        return first
    # Its form lies askew all the same: what is typed over combs hides how far a page is turned.
    skew = round(skew + first.outline.where.skew_deg, 2)
    again = _straightened(along, skew, dpi, readers, forms, lying=lying)
    return first if again.outline is None else again


def _straightened(
    gray: Gray,
    skew: float,
    dpi: float,
    readers: Readers,
    forms: Mapping[str, FormDefinition],
    *,
    lying: bool,
) -> Upright:
    along = deskew.straighten(gray, skew)
    found = textlines.find(along, dpi)
    quads: Sequence[Quad] = found.quads if found.is_sure else readers.find_lines(along)
    # The lines of no form lie like those of another, or of itself, upside down.
    if look := outline.find(quads, dpi, forms):
        return Upright(along, quads, 90 if lying else 0, skew, look, None)
    over = orient.turned_over(quads, along.shape)
    if look := outline.find(over, dpi, forms):
        return Upright(turn.turn(along, 180), over, 270 if lying else 180, skew, look, None)
    text = skim(along, quads, readers)
    if not orient.is_upside_down(text, readers):
        return Upright(along, quads, 90 if lying else 0, skew, None, text)
    along = turn.turn(along, 180)
    return Upright(along, over, 270 if lying else 180, skew, None, skim(along, over, readers))
