"""A form's definition from a few samples of it: what is printed on all, and where to write.

The first sample gives the sheet; the others are laid on it by their print. What stands on all of
them at the same place is an anchor. What is written differs from sample to sample and falls out
of their middle value, which stands for the blank.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from edge.classification.printed_text import printed_numbers
from edge.classification.registration import Registration, register
from edge.enrolment import proposal, structure
from edge.ocr.lines import fold_text
from edge.pipeline.page import FormSample
from edge.results import BoxPx
from vaguemestre.model.document import BoxMm, Layout
from vaguemestre.model.forms import Anchor, FormDefinition

_SURE = 0.75
_SHORTEST, _LONGEST = 4, 180
_SIMILAR = 85.0
_SAME_PLACE_MM = 3.0
_FEWEST, _MOST = 6, 60  # registration needs six; more than sixty say nothing new
_TITLE_SHARE = 0.4  # of the sheet, from its top
_TITLE_WEIGHT, _NUMBER_WEIGHT = 3.0, 2.0


@dataclass(frozen=True, slots=True)
class LearnedForm:
    """A definition for a person to check, and the blank it was measured on with its dpi.

    ``problem`` says in French why nothing could be learned; then ``form`` is None.
    """

    form: FormDefinition | None
    blank: NDArray[np.uint8] | None = None
    dpi: float = 0.0
    problem: str = ""


def learn_form(name: str, samples: Sequence[FormSample]) -> LearnedForm:
    """Learn a form from one to five samples.

    Args:
        name: Of the type.
        samples: Upright, blank or filled, all of the same form; the cleanest first.
    """
    first, *others = samples
    height, width = first.gray.shape
    px = first.dpi / 25.4
    draft = FormDefinition(
        type=name,
        title=name,
        layout=Layout.UNVERIFIED,
        width_mm=round(width / px, 1),
        height_mm=round(height / px, 1),
        anchors=_anchors(first),
    )
    if len(draft.anchors) < _FEWEST:
        return LearnedForm(
            None, problem="Le premier exemple porte trop peu de texte imprimé lisible."
        )
    laid = [(other, register(other.gray, other.dpi, other.lines, draft)) for other in others]
    for number, (_, where) in enumerate(laid, 2):
        if where is None:
            return LearnedForm(None, problem=f"L'exemple {number} ne se superpose pas au premier.")
    pairs = [(other, where) for other, where in laid if where is not None]
    anchors = tuple(a for a in draft.anchors if all(_stands(a, *pair) for pair in pairs))
    if len(anchors) < _FEWEST:
        return LearnedForm(None, problem="Les exemples ont trop peu de texte imprimé en commun.")
    blank = _blank(first, pairs)
    found = structure.find_structure(blank, first.dpi)
    words = _words(blank, first, found)
    fields = proposal.propose_fields(found, words)
    cerfa, s_numbers = printed_numbers(line.text for line in first.lines)
    title = _title(anchors, draft.height_mm)
    form = replace(
        draft,
        title=fold_text(title.text),
        cerfa=tuple(sorted(cerfa)),
        s_numbers=tuple(sorted(s_numbers)),
        anchors=tuple(_weighted(a, title, (*cerfa, *s_numbers)) for a in anchors[:_MOST]),
        fields=fields,
    )
    return LearnedForm(form, blank, first.dpi)


def _anchors(sample: FormSample) -> tuple[Anchor, ...]:
    """Lines that were read well and stand once on the page."""
    texts = [fold_text(line.text) for line in sample.lines]
    return tuple(
        Anchor(line.text.strip(), 1.0, line.box.to_mm(sample.dpi))
        for line, text in zip(sample.lines, texts, strict=True)
        if line.confidence >= _SURE
        and _SHORTEST <= len(text) <= _LONGEST
        and sum(c.isalpha() for c in text) >= 0.5 * len(text.replace(" ", ""))
        and sum(fuzz.ratio(text, other) >= _SIMILAR for other in texts) == 1
    )


def _stands(anchor: Anchor, sample: FormSample, where: Registration) -> bool:
    """Whether an anchor is printed on another sample at its place."""
    if anchor.box_mm is None:
        return False
    wanted, box = fold_text(anchor.text), where.to_px(anchor.box_mm)
    near = _SAME_PLACE_MM * sample.dpi / 25.4
    return any(
        abs(line.box.left + line.box.width / 2 - box.left - box.width / 2) < near
        and abs(line.box.top + line.box.height / 2 - box.top - box.height / 2) < near
        and fuzz.ratio(wanted, fold_text(line.text)) >= _SIMILAR
        for line in sample.lines
    )


def _blank(
    first: FormSample, pairs: Sequence[tuple[FormSample, Registration]]
) -> NDArray[np.uint8]:
    """What the samples have in common: their middle value, of two the lighter."""
    height, width = first.gray.shape
    to_mm = np.diag([25.4 / first.dpi, 25.4 / first.dpi, 1.0])
    layers = [first.gray]
    for sample, where in pairs:
        matrix = where.matrix @ to_mm
        layers.append(
            np.asarray(
                cv2.warpAffine(
                    sample.gray, matrix, (width, height),
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=255,
                ),
                np.uint8,
            )
        )  # fmt: skip
    if len(layers) < 3:
        return np.asarray(np.maximum.reduce(layers), np.uint8)
    return np.asarray(np.median(np.stack(layers), axis=0), np.uint8)


def _words(
    blank: NDArray[np.uint8], first: FormSample, rules_found: structure.PrintedStructure
) -> list[proposal.PrintedWords]:
    """The printed lines with boxes around their words; what was only written is gone."""
    found, px = [], first.dpi / 25.4
    bare = blank.copy()
    # A line finder takes a comb into the box of the label before it; its teeth are no words.
    for box in (comb.around for comb in rules_found.combs if comb.is_based):
        rows = slice(round((box.top - 0.5) * px), round((box.top + box.height + 0.7) * px))
        columns = slice(round((box.left - 0.5) * px), round((box.left + box.width + 0.7) * px))
        bare[rows, columns] = 255
    for line in first.lines:
        spans = structure.ink_spans(bare, first.dpi, line.box)
        text = line.text.strip(" _.…:")
        for span in spans:
            found.append(proposal.PrintedWords(text, _tight(span).to_mm(first.dpi)))
    return found


def _tight(box: BoxPx) -> BoxPx:
    """Without the margin that line finders leave above and below."""
    inset = round(0.15 * box.height)
    return BoxPx(box.left, box.top + inset, box.width, max(1, box.height - 2 * inset))


def _title(anchors: Sequence[Anchor], height_mm: float) -> Anchor:
    """The tallest words in the upper part of the sheet."""

    def size(anchor: Anchor) -> float:
        box = anchor.box_mm or BoxMm(0, 0, 0, 0)
        is_above = box.top < _TITLE_SHARE * height_mm
        return box.height * min(1.0, len(anchor.text) / 20) if is_above else 0.0

    return max(anchors, key=size)


def _weighted(anchor: Anchor, title: Anchor, numbers: Sequence[str]) -> Anchor:
    if anchor == title:
        return replace(anchor, weight=_TITLE_WEIGHT)
    flat = anchor.text.replace(" ", "")
    is_numbered = any(number.split("*")[0].lstrip("S") in flat for number in numbers)
    return replace(anchor, weight=_NUMBER_WEIGHT) if is_numbered else anchor
