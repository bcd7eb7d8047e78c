"""One image to one ``PageReading``: the recipe, without any I/O.

The steps live in ``edge.imaging`` and ``edge.reading``; this module only says their order.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.document import (
    BoxPx,
    Field,
    Layout,
    PageReading,
    PageRef,
    Separator,
    SeparatorKind,
    TextLine,
)
from edge.imaging import border, deskew, dust, quality, separators, turn
from edge.imaging.page import PageImage
from edge.reading import classify, labelled, orient, outline, recognise, textlines, zones
from edge.reading.forms import FormDefinition
from edge.reading.lines import PageText, skim
from edge.reading.readers import Gray, Quad, Readers

_LEGIBLE = 0.6  # of a page's longest lines; below, its other side is tried
_CLEARLY = 0.1  # by which it must read better there
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
    clean, had_dust = dust.without(image.gray)
    gray, had_border = border.erase(clean)
    marks = image.marks + (("dust",) if had_dust else ()) + (("border",) if had_border else ())
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
    upright = upright_of(gray, image.dpi, readers, recipe.forms)
    content = _read_content(upright, image.dpi, recipe, readers, today)
    height, width = upright.gray.shape
    return PageReading(
        ref=ref,
        rotation=upright.rotation,
        skew_deg=round(upright.skew_deg, 2),
        dpi=image.dpi,
        width_mm=round(width * 25.4 / image.dpi, 1),
        height_mm=round(height * 25.4 / image.dpi, 1),
        blur=round(blur, 3),
        is_back=content.guess.is_back,
        lines=content.lines,
        guesses=content.guess.guesses,
        layout=content.guess.layout,
        fields=content.fields,
        separator=separator,
        marks=marks + content.marks + (("blurred",) if blur >= _BLURRED_FROM else ()),
    )


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


def upright_of(
    gray: Gray, dpi: float, readers: Readers, forms: Mapping[str, FormDefinition]
) -> Upright:
    """Turn a page upright, straighten it and find its lines.

    The line finder needs a page that lies along its lines; whether it does, and where it is not
    sure of the lines, the readers' own detector is asked. That takes some 40 times as long. A page
    that reads badly is tried on its other side too: bars and rules may have told the wrong one.
    """
    lying = orient.lies_on_its_side(gray, dpi)
    if lying is None:
        lying = orient.quads_lie(readers.find_lines(gray))
    first = _laid(gray, dpi, readers, forms, lying=lying)
    if first.text is None or orient.legibility(first.text) >= _LEGIBLE:
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
    along = deskew.straighten(along, skew)
    found = textlines.find(along, dpi)
    quads: Sequence[Quad] = found.quads if found.is_sure else readers.find_lines(along)
    # The lines of no form lie like those of another, or of itself, upside down.
    if look := outline.find(quads, dpi, forms):
        return Upright(along, quads, 90 if lying else 0, skew, look, None)
    text = skim(along, quads, readers)
    if not orient.is_upside_down(text, readers):
        return Upright(along, quads, 90 if lying else 0, skew, None, text)
    over, quads = turn.turn(along, 180), orient.turned_over(quads, along.shape)
    look = outline.find(quads, dpi, forms)
    again = None if look else skim(over, quads, readers)
    return Upright(over, quads, 270 if lying else 180, skew, look, again)


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
    page: Upright, dpi: float, recipe: Recipe, readers: Readers, today: dt.date
) -> _Content:
    found = _recognised(page, dpi, recipe.forms, readers)
    form, guess, lines = found.form, found.guess, found.lines
    if form is None or guess.is_back:
        return _Content(lines, guess, (), ())
    if guess.layout is not Layout.VERIFIED:
        return _Content(lines, guess, labelled.read_labelled(lines, form, dpi, today), ())
    if found.where is None:
        return _Content(lines, guess, zones.unread(form), ("unregistered",))
    fields = zones.read_fields(
        page.gray, dpi, form, found.where, readers, today, recipe.accept_error_rate
    )
    return _Content((*lines, *_written(fields, dpi)), guess, fields, ())


def _written(fields: Sequence[Field], dpi: float) -> Iterator[TextLine]:
    """What stands in a form's fields, as lines: they are read apart from what is printed."""
    for field in fields:
        if field.raw and field.box_mm is not None:
            box = BoxPx(*(round(side / 25.4 * dpi) for side in field.box_mm))
            yield TextLine(field.raw, field.confidence, box)


def _recognised(
    page: Upright, dpi: float, forms: Mapping[str, FormDefinition], readers: Readers
) -> recognise.Recognised:
    """A few lines are enough to know a form by its look, all lines skimmed to know a form of ours.

    Else they are improved.
    """
    if page.outline is not None:
        known = recognise.by_outline(page.gray, page.quads, page.outline, forms, readers)
        if known is not None:
            return known
    text = page.text or skim(page.gray, page.quads, readers)
    found = recognise.by_lines(page.gray, dpi, text.lines(), forms)
    if found.where is not None:
        return found
    improved = text.improved(readers)
    if improved.readings == text.readings:
        return found
    return recognise.by_lines(page.gray, dpi, improved.lines(), forms)
