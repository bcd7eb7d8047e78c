"""What a page is, by what is read on it: of a page that looks like a known form, a few lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from edge.reading import classify, flatness, registration
from edge.reading.classify import Classification
from edge.reading.flatness import Survey
from edge.reading.lines import bounds, skim
from edge.reading.outline import Outline
from edge.reading.readers import Gray, Quad, Readers
from edge.reading.registration import Registration
from edge.reading.text import plain, plain_printed
from edge.results import TextLine
from vaguemestre.model.document import BoxMm, Layout
from vaguemestre.model.forms import Anchor, FormDefinition

_SIMILAR = 85.0  # rapidfuzz ratio from which a line says what its anchor does
_AGREE = 0.7  # of the lines that are asked
_TELLING = 26  # letters of a line that strays by itself; a word may stand on a form twice
# How far such a line lies away when no other says so: what a threshold breaks off a line moves it
# by up to 1.4 mm (of 40 flat black-and-white pages two lay so, 1.0 and 1.4 mm away).
_ALONE_MM = 1.5
_STRAYED = 12  # lines that may have strayed, to be read: none on nearly all sheets


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a page is, the lines that say so, and where its form lies when it is measured.

    ``survey`` tells which of the form's print stands where ``where`` says; ``has_strayed`` that
    some was read elsewhere.
    """

    lines: tuple[TextLine, ...]
    guess: Classification
    form: FormDefinition | None
    where: Registration | None
    survey: Survey | None = None
    has_strayed: bool = False

    @property
    def is_flat(self) -> bool:
        """Whether one map tells, all over the sheet, where its fields lie."""
        return self.survey is not None and self.survey.is_all_over and not self.has_strayed

    def holds(self, box: BoxMm) -> bool:
        """Whether a zone of the form lies where ``where`` says."""
        return self.is_flat and self.survey is not None and self.survey.holds(box)


def by_lines(
    gray: Gray, dpi: float, lines: tuple[TextLine, ...], forms: Mapping[str, FormDefinition]
) -> Recognised:
    """Weigh all lines of an upright page, and lay its form over it."""
    guess = classify.classify(lines, forms)
    form = forms.get(guess.guesses[0].type)
    if form is None or guess.is_back or guess.layout is not Layout.VERIFIED:
        return Recognised(lines, guess, form, None)
    where = registration.register(gray, dpi, lines, form)
    if where is None:
        return Recognised(lines, guess, form, None)
    boxes = np.array([line.box for line in lines], np.float64).reshape(-1, 4)
    found = flatness.survey(boxes, where, form)
    has_strayed = _has_strayed(found, [line.text for line in lines])
    return Recognised(lines, guess, form, where, found, has_strayed)


def by_outline(
    gray: Gray,
    quads: Sequence[Quad],
    outline: Outline,
    forms: Mapping[str, FormDefinition],
    readers: Readers,
) -> Recognised | None:
    """Ask a few lines of an upright page whether it is what it looks like; None when it is not.

    Lines that may have strayed from their place are asked with them.
    """
    boxes = np.array([bounds(quad) for quad in quads], np.float64).reshape(-1, 4)
    found = flatness.survey(boxes, outline.where, outline.form)
    asked, maybe = outline.to_ask(), found.strayed[:_STRAYED]
    lines = sorted({line for _, line in (*asked, *maybe)})  # in the order of reading
    text = skim(gray, [quads[line] for line in lines], readers)
    said = dict(zip(lines, (reading.text for reading in text.readings), strict=True))
    agree = sum(_says(said[line], anchor) for anchor, line in asked)
    if agree < _AGREE * len(asked):
        return None
    has_strayed = _has_strayed(found, said)
    # The share of its anchors that is printed counts: of those that were asked.
    form = replace(outline.form, anchors=tuple(anchor for anchor, _ in asked))
    read = text.lines()
    guess = classify.classify(read, {**forms, form.type: form})
    if guess.guesses[0].type != form.type or guess.is_back:
        return None
    return Recognised(read, guess, outline.form, outline.where, found, has_strayed)


def _has_strayed(found: Survey, said: Mapping[int, str] | Sequence[str]) -> bool:
    """Whether print was read away from its place; ``said`` is what the lines say."""
    strayed = found.strayed[:_STRAYED]
    told = [i for i, (anchor, line) in enumerate(strayed) if _says(said[line], anchor)]
    away = np.linalg.norm(found.moves, axis=1)
    is_telling = any(len(strayed[i][0].text) >= _TELLING and away[i] >= _ALONE_MM for i in told)
    return is_telling or flatness.strayed_together(found.moves[told])


def _says(text: str, anchor: Anchor) -> bool:
    return fuzz.ratio(plain_printed(anchor.text), plain(text)) >= _SIMILAR
