"""One image to one ``PageReading``: the recipe, without any I/O.

The steps live in ``edge.imaging`` and ``edge.reading``; this module only says their order.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.document import (
    Field,
    Layout,
    PageReading,
    PageRef,
    Separator,
    SeparatorKind,
    TextLine,
)
from edge.imaging import border, deskew, quality, separators, turn
from edge.imaging.page import PageImage
from edge.reading import classify, labelled, orient, registration, textlines, zones
from edge.reading.forms import FormDefinition
from edge.reading.lines import PageText, skim
from edge.reading.readers import Gray, Quad, Readers

_BLURRED_FROM = 0.6  # a page this unsharp is marked, so that routing asks a person


@dataclass(frozen=True, slots=True)
class Recipe:
    """What stays the same from page to page."""

    forms: Mapping[str, FormDefinition]
    accept_error_rate: float
    separator_barcodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Content:
    lines: tuple[TextLine, ...]
    guess: classify.Classification
    fields: tuple[Field, ...]
    marks: tuple[str, ...]


def read_page(
    image: PageImage, ref: PageRef, recipe: Recipe, readers: Readers, today: dt.date
) -> PageReading:
    """Clean, recognise and read one page.

    Args:
        image: As decoded; never changed.
        ref: Which image of which file this is.
        recipe: Forms and limits.
        readers: The recognition networks.
        today: No date on the page may lie after it.
    """
    gray, had_border = border.erase(image.gray)
    marks = image.marks + (("border",) if had_border else ())
    height, width = gray.shape
    blank = PageReading(
        ref=ref,
        dpi=image.dpi,
        width_mm=round(width * 25.4 / image.dpi, 1),
        height_mm=round(height * 25.4 / image.dpi, 1),
        is_blank=True,
        marks=marks,
    )
    if quality.is_blank(gray, image.dpi):
        return blank
    separator = separators.find(gray, image.dpi, recipe.separator_barcodes)
    # Patch 2 announces a document on its own first page: that page is read as any other.
    if separator is not None and separator.kind is not SeparatorKind.PATCH_2:
        return _with(blank, is_blank=False, separator=separator)
    blur = quality.blur(gray, image.dpi)
    upright, quads, rotation, skew = upright_of(gray, image.dpi, readers)
    text = skim(upright, quads, readers)
    content = _read_content(upright, text, image.dpi, recipe, readers, today)
    return PageReading(
        ref=ref,
        rotation=rotation,
        skew_deg=round(skew, 2),
        dpi=image.dpi,
        width_mm=round(upright.shape[1] * 25.4 / image.dpi, 1),
        height_mm=round(upright.shape[0] * 25.4 / image.dpi, 1),
        blur=round(blur, 3),
        is_back=content.guess.is_back,
        lines=content.lines,
        guesses=content.guess.guesses,
        layout=content.guess.layout,
        fields=content.fields,
        separator=separator,
        marks=marks + content.marks + (("blurred",) if blur >= _BLURRED_FROM else ()),
    )


def upright_of(gray: Gray, dpi: float, readers: Readers) -> tuple[Gray, Sequence[Quad], int, float]:
    """Return a page upright and straight, its lines, its turn and its skew.

    The line finder needs a page that lies along its lines; whether it does, and where it is not
    sure of the lines, the readers' own detector is asked. That takes some 40 times as long.
    """
    lying = orient.lies_on_its_side(gray, dpi)
    if lying is None:
        lying = orient.quads_lie(readers.find_lines(gray))
    upright = turn.turn(gray, 90 if lying else 0)
    skew = deskew.estimate(upright)
    upright = deskew.straighten(upright, skew)
    found = textlines.find(upright, dpi)
    quads: Sequence[Quad] = found.quads if found.is_sure else readers.find_lines(upright)
    if not orient.is_upside_down(upright, quads, readers):
        return upright, quads, 90 if lying else 0, skew
    over = orient.turned_over(quads, upright.shape)
    return turn.turn(upright, 180), over, 270 if lying else 180, skew


def _with(page: PageReading, *, is_blank: bool, separator: Separator) -> PageReading:
    return PageReading(
        ref=page.ref,
        dpi=page.dpi,
        width_mm=page.width_mm,
        height_mm=page.height_mm,
        is_blank=is_blank,
        separator=separator,
        marks=page.marks,
    )


def _read_content(
    gray: Gray,
    text: PageText,
    dpi: float,
    recipe: Recipe,
    readers: Readers,
    today: dt.date,
) -> _Content:
    """Skimmed lines are enough to know a form of ours and where it lies; else they are improved."""
    lines = text.lines()
    guess, form, where = _recognised(gray, lines, dpi, recipe)
    if where is None:
        improved = text.improved(readers)
        if improved.readings != text.readings:
            lines = improved.lines()
            guess, form, where = _recognised(gray, lines, dpi, recipe)
    if form is None or guess.is_back:
        return _Content(lines, guess, (), ())
    if guess.layout is not Layout.VERIFIED:
        return _Content(lines, guess, labelled.read_labelled(lines, form, dpi, today), ())
    if where is None:
        return _Content(lines, guess, zones.unread(form), ("unregistered",))
    fields = zones.read_fields(gray, dpi, form, where, readers, today, recipe.accept_error_rate)
    return _Content(lines, guess, fields, ())


def _recognised(
    gray: Gray, lines: tuple[TextLine, ...], dpi: float, recipe: Recipe
) -> tuple[classify.Classification, FormDefinition | None, registration.Registration | None]:
    """What a page is, and where its form lies when its layout is measured."""
    guess = classify.classify(lines, recipe.forms)
    form = recipe.forms.get(guess.guesses[0].type)
    if form is None or guess.is_back or guess.layout is not Layout.VERIFIED:
        return guess, form, None
    return guess, form, registration.register(gray, dpi, lines, form)
