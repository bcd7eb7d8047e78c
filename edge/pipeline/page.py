"""What a page is, by what is read on it: of a page that looks like a known form, a few lines.

One image to one ``PageReading``: the recipe, without any I/O.

The steps live in ``edge.imaging`` and ``edge.extraction``; this module only says their order.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from edge.classification import printed_text, registration
from edge.classification.printed_text import Classification
from edge.classification.registration import LayoutMatch, Registration, Survey
from edge.extraction import foreign_content, labelled, zones
from edge.imaging import cleaning, quality, separators
from edge.imaging.source_file import PageImage
from edge.ocr import orientation, show_through
from edge.ocr.engine import Gray, OcrEngine, Quad
from edge.ocr.lines import bounds, fold_printed, fold_text, read_fast
from edge.pipeline import separator_pages, upright
from edge.results import BoxPx, PageReading, Separator, SeparatorKind, TextLine
from vaguemestre.model.document import BoxMm, Field, ImageRef, Layout
from vaguemestre.model.forms import Anchor, FormDefinition

_SIMILAR = 85.0  # rapidfuzz ratio from which a line says what its anchor does
_AGREE = 0.7  # of the lines that are asked
_TELLING = 26  # letters of a line that strays by itself; a word may stand on a form twice
# How far such a line lies away when no other says so: what a threshold breaks off a line moves it
# by up to 1.4 mm (of 40 flat black-and-white pages two lay so, 1.0 and 1.4 mm away).
_ALONE_MM = 1.5
_STRAYED = 12  # lines that may have strayed, to be read: none on nearly all sheets


@dataclass(frozen=True, slots=True)
class PageIdentity:
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


def identify_by_text(
    gray: Gray, dpi: float, lines: tuple[TextLine, ...], forms: Mapping[str, FormDefinition]
) -> PageIdentity:
    """Weigh all lines of an upright page, and lay its form over it."""
    guess = printed_text.classify(lines, forms)
    form = forms.get(guess.guesses[0].type)
    if form is None or guess.is_back or guess.layout is not Layout.VERIFIED:
        return PageIdentity(lines, guess, form, None)
    where = registration.register(gray, dpi, lines, form)
    if where is None:
        return PageIdentity(lines, guess, form, None)
    boxes = np.array([line.box for line in lines], np.float64).reshape(-1, 4)
    found = registration.survey(boxes, where, form)
    has_strayed = _has_strayed(found, [line.text for line in lines])
    return PageIdentity(lines, guess, form, where, found, has_strayed)


def identify_by_layout(
    gray: Gray,
    quads: Sequence[Quad],
    outline: LayoutMatch,
    forms: Mapping[str, FormDefinition],
    readers: OcrEngine,
) -> PageIdentity | None:
    """Ask a few lines of an upright page whether it is what it looks like; None when it is not.

    Lines that may have strayed from their place are asked with them.
    """
    boxes = np.array([bounds(quad) for quad in quads], np.float64).reshape(-1, 4)
    found = registration.survey(boxes, outline.where, outline.form)
    asked, maybe = outline.to_ask(), found.strayed[:_STRAYED]
    lines = sorted({line for _, line in (*asked, *maybe)})  # in the order of reading
    text = read_fast(gray, [quads[line] for line in lines], readers)
    said = dict(zip(lines, (reading.text for reading in text.readings), strict=True))
    agree = sum(_says(said[line], anchor) for anchor, line in asked)
    if agree < _AGREE * len(asked):
        return None
    has_strayed = _has_strayed(found, said)
    # The share of its anchors that is printed counts: of those that were asked.
    form = replace(outline.form, anchors=tuple(anchor for anchor, _ in asked))
    read = text.lines()
    guess = printed_text.classify(read, {**forms, form.type: form})
    if guess.guesses[0].type != form.type or guess.is_back:
        return None
    return PageIdentity(read, guess, outline.form, outline.where, found, has_strayed)


def _has_strayed(found: Survey, said: Mapping[int, str] | Sequence[str]) -> bool:
    """Whether print was read away from its place; ``said`` is what the lines say."""
    strayed = found.strayed[:_STRAYED]
    told = [i for i, (anchor, line) in enumerate(strayed) if _says(said[line], anchor)]
    away = np.linalg.norm(found.moves, axis=1)
    is_telling = any(len(strayed[i][0].text) >= _TELLING and away[i] >= _ALONE_MM for i in told)
    return is_telling or registration.strayed_together(found.moves[told])


def _says(text: str, anchor: Anchor) -> bool:
    return fuzz.ratio(fold_printed(anchor.text), fold_text(text)) >= _SIMILAR


DISTORTED = "distorted"
_UNSURE = frozenset({"negative", "dark", "faint"})  # marks of pages of which nothing is accepted
_READS = 0.85  # legibility from which a page is what it looks like
_BLURRED_FROM = 0.6  # a page this unsharp is marked, so that routing asks a person


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What stays the same from page to page."""

    forms: Mapping[str, FormDefinition]
    accept_error_rate: float
    separator_barcodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Content:
    lines: tuple[TextLine, ...]
    guess: printed_text.Classification
    fields: tuple[Field, ...]
    marks: tuple[str, ...]


def read_page(
    image: PageImage, ref: ImageRef, recipe: ReadingContext, readers: OcrEngine, today: dt.date
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
    clean, had_dust = cleaning.remove_specks(positive, image.dpi)
    gray, had_border = cleaning.whiten_border(clean)
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
        if show_through.is_all(gray, image.dpi, readers):
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
    gray: Gray, page: upright.UprightPage, found: PageIdentity, dpi: float, readers: OcrEngine
) -> bool:
    """Whether a page of no form that hardly reads is a back whose front shines through strongly."""
    if found.guess.layout is not None or page.text is None:
        return False
    if orientation.legibility(page.text) >= _READS:
        return False
    bitonal = show_through.is_bitonal(gray)
    return show_through.may_be(gray, dpi, bitonal=bitonal) and show_through.is_all_of(
        page.gray, page.quads, dpi, readers, bitonal=bitonal
    )


def _separator(
    gray: Gray, raw: Gray | None, dpi: float, recipe: ReadingContext, readers: OcrEngine
) -> Separator | None:
    """A page's separator; cleaning may have taken thin bars away, hence the page as it came."""
    found = separators.find_separator(gray, dpi, recipe.separator_barcodes)
    if found is None and raw is not None:
        found = separators.find_separator(raw, dpi, recipe.separator_barcodes)
    return None if found is None else separator_pages.judged(found, gray, dpi, readers)


def _unaccepted(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The same values, none of which may go without a person: their ink was not as measured."""
    return tuple(replace(field, accepted=False) for field in fields)


def _positive(image: PageImage) -> tuple[Gray, tuple[str, ...]]:
    """The page with dark ink on light paper, and the mark of what was done or is in doubt."""
    match cleaning.find_negative(image.gray, image.dpi):
        case cleaning.Polarity.NEGATIVE:
            return 255 - image.gray, ("negative",)
        case cleaning.Polarity.DOUBTFUL:
            return image.gray, ("dark",)
    return image.gray, ()


def _unread_sheet(content: _Content) -> Separator | None:
    """A sheet whose code was not read: what follows it is another document all the same."""
    if content.guess.layout is None and separator_pages.is_titled_as_one(
        [line.text for line in content.lines]
    ):
        return Separator(SeparatorKind.DOCUMENT, is_on_content=True)
    return None


def _read_content(
    page: upright.UprightPage,
    found: PageIdentity,
    dpi: float,
    recipe: ReadingContext,
    readers: OcrEngine,
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
        return _Content(lines, guess, zones.unread_fields(form), ("unregistered",))
    hidden = foreign_content.hidden_print(page.gray, where, form)

    def holds(box: BoxMm) -> bool:
        is_cut = blind is not None and cleaning.cut(blind, where.to_px(box))
        return found.holds(box) and not foreign_content.is_near(box, hidden) and not is_cut

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
    is_beside = foreign_content.holds_content(page.gray, where, form)
    marks = (() if found.is_flat else (DISTORTED,)) + (
        (foreign_content.OUTSIDE_CONTENT,) if is_beside else ()
    )
    return _Content((*lines, *_written(fields, dpi)), guess, fields, marks)


def _stripes(gray: Gray, page: upright.UprightPage, found: PageIdentity, dpi: float) -> Gray | None:
    """The white stripes of a page whose fields may be accepted, turned as the page was."""
    if found.where is None:
        return None
    seen = cleaning.find_stripes(cleaning.quarter_turn(gray, page.rotation % 180), dpi)
    return None if seen is None else cleaning.laid(seen, page.rotation, page.skew_deg)


def _written(fields: Sequence[Field], dpi: float) -> Iterator[TextLine]:
    """What stands in a form's fields, as lines: they are read apart from what is printed."""
    for field in fields:
        if field.raw and field.box_mm is not None:
            box = BoxPx(*(round(side / 25.4 * dpi) for side in field.box_mm))
            yield TextLine(field.raw, field.confidence, box)


def _recognised(
    gray: Gray, dpi: float, forms: Mapping[str, FormDefinition], readers: OcrEngine
) -> tuple[upright.UprightPage, PageIdentity]:
    """A few lines are enough to know a form by its look, all lines skimmed to know a form of ours.

    Else they are improved.
    """
    page = upright.make_upright(gray, dpi, readers, forms)
    if page.outline is not None and page.outline.is_all_over:
        known = identify_by_layout(page.gray, page.quads, page.outline, forms, readers)
        if known is None:
            page = upright.make_upright(
                gray, dpi, readers, {}
            )  # its look deceived, on the way up as well
        elif known.guess.layout is Layout.VERIFIED and (known.is_flat or known.has_strayed):
            return page, known
    text = page.text or read_fast(page.gray, page.quads, readers)
    found = identify_by_text(page.gray, dpi, text.lines(), forms)
    if found.where is not None:
        return page, found
    improved = text.improved(readers)
    if improved.readings == text.readings:
        return page, found
    return page, identify_by_text(page.gray, dpi, improved.lines(), forms)
