"""What a page is, by what is read on it: of a page that looks like a known form, a few lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from edge.document import Layout, TextLine
from edge.reading import classify, registration
from edge.reading.classify import Classification
from edge.reading.forms import FormDefinition
from edge.reading.lines import skim
from edge.reading.outline import Outline
from edge.reading.readers import Gray, Quad, Readers
from edge.reading.registration import Registration
from edge.reading.text import plain, plain_printed

_SIMILAR = 85.0  # rapidfuzz ratio from which a line says what its anchor does
_AGREE = 0.7  # of the lines that are asked


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a page is, the lines that say so, and where its form lies when it is measured."""

    lines: tuple[TextLine, ...]
    guess: Classification
    form: FormDefinition | None
    where: Registration | None


def by_lines(
    gray: Gray, dpi: float, lines: tuple[TextLine, ...], forms: Mapping[str, FormDefinition]
) -> Recognised:
    """Weigh all lines of an upright page, and lay its form over it."""
    guess = classify.classify(lines, forms)
    form = forms.get(guess.guesses[0].type)
    if form is None or guess.is_back or guess.layout is not Layout.VERIFIED:
        return Recognised(lines, guess, form, None)
    return Recognised(lines, guess, form, registration.register(gray, dpi, lines, form))


def by_outline(
    gray: Gray,
    quads: Sequence[Quad],
    outline: Outline,
    forms: Mapping[str, FormDefinition],
    readers: Readers,
) -> Recognised | None:
    """Ask a few lines of an upright page whether it is what it looks like; None when it is not."""
    asked = sorted(outline.to_ask(), key=lambda match: match[1])  # in the order of reading
    text = skim(gray, [quads[line] for _, line in asked], readers)
    agree = sum(
        fuzz.ratio(plain_printed(anchor.text), plain(reading.text)) >= _SIMILAR
        for (anchor, _), reading in zip(asked, text.readings, strict=True)
    )
    if agree < _AGREE * len(asked):
        return None
    lines = text.lines()
    # The share of its anchors that is printed counts: of those that were asked.
    form = replace(outline.form, anchors=tuple(anchor for anchor, _ in asked))
    guess = classify.classify(lines, {**forms, form.type: form})
    if guess.guesses[0].type != form.type or guess.is_back:
        return None
    return Recognised(lines, guess, outline.form, outline.where)
