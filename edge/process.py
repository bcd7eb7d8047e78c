"""One image to one ``PageReading``: the recipe, without any I/O.

The steps live in ``edge.imaging`` and ``edge.reading``; this module only says their order.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edge import sheetpage, showthrough, upright
from edge.imaging import border, dust, negative, quality, separators, stripes, turn
from edge.imaging.page import PageImage
from edge.reading import classify, covered, labelled, orient, outside, recognise, sheetprint, zones
from edge.reading.lines import skim
from edge.reading.readers import Gray, Readers
from edge.results import BoxPx, PageReading, Separator, SeparatorKind, TextLine
from vaguemestre.model.document import BoxMm, Field, ImageRef, Layout
from vaguemestre.model.forms import FormDefinition

DISTORTED = "distorted"
_UNSURE = frozenset({"negative", "dark", "faint"})  # marks of pages of which nothing is accepted
_READS = 0.85  # legibility from which a page is what it looks like
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
    image: PageImage, ref: ImageRef, recipe: Recipe, readers: Readers, today: dt.date
) -> PageReading:
    """Clean, recognise and read one page.

    Args:
        image: As decoded; never changed.
        ref: Which image of which file this is.
        recipe: Forms and limits.
        readers: The recognition networks.
        today: No date on the page may lie after it.
    """
    positive, polarity = _positive(image)
    clean, had_dust = dust.without(positive, image.dpi)
    gray, had_border = border.erase(clean)
    marks = (*image.marks, *polarity)
    marks += (("dust",) if had_dust else ()) + (("border",) if had_border else ())
    height, width = gray.shape
    blank = PageReading(
        ref=ref,
        dpi=image.dpi,
        width_mm=round(width * 25.4 / image.dpi, 1),
        height_mm=round(height * 25.4 / image.dpi, 1),
        is_blank=True,
        marks=marks,
    )
    # With the pepper thin writing may have gone, and a dark page may hide some: whether nothing is
    # left is for a person to see.
    content = quality.Content.WRITTEN if had_dust or polarity else quality.content(gray, image.dpi)
    if content is quality.Content.BLANK:
        return blank
    if content is quality.Content.FAINT:
        if showthrough.is_all(gray, image.dpi, readers):
            return blank
        marks += ("faint",)
    blank = replace(blank, marks=marks)
    raw = positive if had_dust or had_border else None
    separator = _separator(gray, raw, image.dpi, recipe, readers)
    # A page that a document begins with is read as any other.
    if separator is not None and not separator.keeps_page:
        return replace(blank, is_blank=False, separator=separator)
    blur = quality.blur(gray, image.dpi)
    page, found = _recognised(gray, image.dpi, recipe.forms, readers)
    if not had_dust and _is_other_side(gray, page, found, image.dpi, readers):
        return blank
    blind = _stripes(gray, page, found, image.dpi)
    read = _read_content(page, found, image.dpi, recipe, readers, today, blind)
    height, width = page.gray.shape
    return PageReading(
        ref=ref,
        rotation=page.rotation,
        skew_deg=round(page.skew_deg, 2),
        dpi=image.dpi,
        width_mm=round(width * 25.4 / image.dpi, 1),
        height_mm=round(height * 25.4 / image.dpi, 1),
        blur=round(blur, 3),
        is_back=read.guess.is_back,
        lines=read.lines,
        guesses=read.guess.guesses,
        layout=read.guess.layout,
        fields=_unaccepted(read.fields) if _UNSURE & set(marks) else read.fields,
        separator=separator or _unread_sheet(read),
        marks=marks + read.marks + (("blurred",) if blur >= _BLURRED_FROM else ()),
    )


def _is_other_side(
    gray: Gray, page: upright.Upright, found: recognise.Recognised, dpi: float, readers: Readers
) -> bool:
    """Whether a page of no form that hardly reads is a back whose front shines through strongly."""
    if found.guess.layout is not None or page.text is None:
        return False
    if orient.legibility(page.text) >= _READS:
        return False
    bitonal = showthrough.is_bitonal(gray)
    return showthrough.may_be(gray, dpi, bitonal=bitonal) and showthrough.is_all_of(
        page.gray, page.quads, dpi, readers, bitonal=bitonal
    )


def _separator(
    gray: Gray, raw: Gray | None, dpi: float, recipe: Recipe, readers: Readers
) -> Separator | None:
    """A page's separator; cleaning may have taken thin bars away, hence the page as it came."""
    found = separators.find(gray, dpi, recipe.separator_barcodes)
    if found is None and raw is not None:
        found = separators.find(raw, dpi, recipe.separator_barcodes)
    return None if found is None else sheetpage.judged(found, gray, dpi, readers)


def _unaccepted(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The same values, none of which may go without a person: their ink was not as measured."""
    return tuple(replace(field, accepted=False) for field in fields)


def _positive(image: PageImage) -> tuple[Gray, tuple[str, ...]]:
    """The page with dark ink on light paper, and the mark of what was done or is in doubt."""
    match negative.find(image.gray, image.dpi):
        case negative.Polarity.NEGATIVE:
            return 255 - image.gray, ("negative",)
        case negative.Polarity.DOUBTFUL:
            return image.gray, ("dark",)
    return image.gray, ()


def _unread_sheet(content: _Content) -> Separator | None:
    """A sheet whose code was not read: what follows it is another document all the same."""
    if content.guess.layout is None and sheetprint.is_titled_as_one(
        [line.text for line in content.lines]
    ):
        return Separator(SeparatorKind.DOCUMENT, is_on_content=True)
    return None


def _read_content(
    page: upright.Upright,
    found: recognise.Recognised,
    dpi: float,
    recipe: Recipe,
    readers: Readers,
    today: dt.date,
    blind: Gray | None,
) -> _Content:
    form, guess, lines = found.form, found.guess, found.lines
    if form is None or guess.is_back:
        return _Content(lines, guess, (), ())
    if guess.layout is not Layout.VERIFIED:
        return _Content(lines, guess, labelled.read_labelled(lines, form, dpi, today), ())
    where = found.where
    if where is None:
        return _Content(lines, guess, zones.unread(form), ("unregistered",))
    hidden = covered.hidden_print(page.gray, where, form)

    def holds(box: BoxMm) -> bool:
        is_cut = blind is not None and stripes.cut(blind, where.to_px(box))
        return found.holds(box) and not covered.is_near(box, hidden) and not is_cut

    fields = zones.read_fields(
        page.gray,
        dpi,
        form,
        where,
        readers,
        today,
        recipe.accept_error_rate,
        holds,
    )
    is_beside = outside.holds_content(page.gray, where, form)
    marks = (() if found.is_flat else (DISTORTED,)) + (
        (outside.OUTSIDE_CONTENT,) if is_beside else ()
    )
    return _Content((*lines, *_written(fields, dpi)), guess, fields, marks)


def _stripes(
    gray: Gray, page: upright.Upright, found: recognise.Recognised, dpi: float
) -> Gray | None:
    """The white stripes of a page whose fields may be accepted, turned as the page was."""
    if found.where is None:
        return None
    seen = stripes.find(turn.turn(gray, page.rotation % 180), dpi)
    return None if seen is None else stripes.laid(seen, page.rotation, page.skew_deg)


def _written(fields: Sequence[Field], dpi: float) -> Iterator[TextLine]:
    """What stands in a form's fields, as lines: they are read apart from what is printed."""
    for field in fields:
        if field.raw and field.box_mm is not None:
            box = BoxPx(*(round(side / 25.4 * dpi) for side in field.box_mm))
            yield TextLine(field.raw, field.confidence, box)


def _recognised(
    gray: Gray, dpi: float, forms: Mapping[str, FormDefinition], readers: Readers
) -> tuple[upright.Upright, recognise.Recognised]:
    """A few lines are enough to know a form by its look, all lines skimmed to know a form of ours.

    Else they are improved.
    """
    page = upright.of(gray, dpi, readers, forms)
    if page.outline is not None and page.outline.is_all_over:
        known = recognise.by_outline(page.gray, page.quads, page.outline, forms, readers)
        if known is None:
            page = upright.of(gray, dpi, readers, {})  # its look deceived, on the way up as well
        elif known.guess.layout is Layout.VERIFIED and (known.is_flat or known.has_strayed):
            return page, known
    text = page.text or skim(page.gray, page.quads, readers)
    found = recognise.by_lines(page.gray, dpi, text.lines(), forms)
    if found.where is not None:
        return page, found
    improved = text.improved(readers)
    if improved.readings == text.readings:
        return page, found
    return page, recognise.by_lines(page.gray, dpi, improved.lines(), forms)
