"""Which measured form a page is, and where it lies, from where its lines stand: nothing is read.

The boxes of a form's anchors are laid over the page's lines, about where they would be if the
sheet lay straight in the scanner. Of the 53 and 35 anchors of two forms, filled and badly scanned,
at least 23 came to lie within 0.8 mm of a line of about the same length; of the anchors of other
forms, and on pages of other types, no more than five. On 48 drawn pages whose place was
known such a fit was off by 0.06 mm across and 0.14 mm down in the mean, one through the anchors
that could be read by 0.12 and 0.14 mm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.reading import registration
from edge.reading.lines import bounds
from edge.reading.readers import Quad
from edge.reading.registration import Points, Registration
from vaguemestre.model.document import Layout
from vaguemestre.model.forms import Anchor, FormDefinition

_SHIFT_MM = 15.0
# Of the anchor's: what is written beside it makes a line longer, and moves its middle.
_LENGTH = 0.12
_TOLERANCE_MM = 0.8
_FEWEST = 10
_FOUND = 0.4  # of the form's anchors
_BANDS, _FOUND_IN_BAND = 3, 0.25  # of its height; a new edition moves what stands in one of them
_ASKED = 16  # lines that are read to make sure
_TELLING = 4  # of them the heaviest, the title and the form's number; the others from all over


@dataclass(frozen=True, slots=True)
class Outline:
    """A form that a page looks like.

    ``matched`` are its anchors, each with the index of the line that lies on it. ``is_all_over`` is
    False where a part of the sheet does not fit: that tells its top from its foot, but it may be
    another edition.
    """

    form: FormDefinition
    where: Registration
    matched: tuple[tuple[Anchor, int], ...]
    is_all_over: bool = True

    def to_ask(self) -> tuple[tuple[Anchor, int], ...]:
        """The anchors whose lines say whether the page is what it looks like."""
        ranked = sorted(self.matched, key=lambda match: -match[0].weight)
        rest = sorted(ranked[_TELLING:], key=lambda match: match[1])
        step = max(1, -(-len(rest) // (_ASKED - _TELLING)))
        return (*ranked[:_TELLING], *rest[::step])


def find(quads: Sequence[Quad], dpi: float, forms: Mapping[str, FormDefinition]) -> Outline | None:
    """Find the form whose anchors most lines lie on; None when no form's do.

    Args:
        quads: The lines of an upright page.
        dpi: Its resolution.
        forms: By type; those without a measured layout have no outline.
    """
    lines = np.array([bounds(quad) for quad in quads], np.float64).reshape(-1, 4)
    measured = [form for form in forms.values() if form.layout is Layout.VERIFIED]
    found = (_laid(lines, dpi / 25.4, form) for form in measured)
    return max(
        (outline for outline in found if outline is not None),
        key=lambda outline: len(outline.matched),
        default=None,
    )


def _laid(lines: Points, px_per_mm: float, form: FormDefinition) -> Outline | None:
    anchors = form.fronts_with_boxes
    fewest = max(_FEWEST, _FOUND * len(anchors))
    if len(anchors) < fewest or len(lines) < fewest:
        return None
    boxes = np.array([anchor.box_mm for anchor in anchors])
    blank, page = boxes[:, :2] + boxes[:, 2:] / 2, lines[:, :2] + lines[:, 2:] / 2
    shifts = np.abs(page[None] / px_per_mm - blank[:, None]).max(axis=2)
    lengths = np.abs(lines[None, :, 2] / px_per_mm / boxes[:, None, 2] - 1.0)
    which, line = np.nonzero((shifts <= _SHIFT_MM) & (lengths <= _LENGTH))
    if len(which) < fewest:
        return None
    fitted = registration.fit(blank[which], page[line], px_per_mm, form, _TOLERANCE_MM)
    if fitted is None:
        return None
    where, kept = fitted
    matched = {int(which[i]): int(line[i]) for i in np.flatnonzero(kept)}
    if len(matched) < fewest:
        return None
    pairs = tuple((anchors[i], j) for i, j in matched.items())
    return Outline(form, where, pairs, _is_all_over(blank[:, 1], list(matched)))


def _is_all_over(tops: Points, matched: Sequence[int]) -> bool:
    """Whether enough anchors of each band were found, bands with as many anchors each."""
    is_matched = np.isin(np.arange(len(tops)), matched)
    bands = np.array_split(is_matched[np.argsort(tops)], _BANDS)
    return all(band.mean() >= _FOUND_IN_BAND for band in bands)
