"""The recipe of a page: from an image to what is read on it, the same for every program.

``read_page`` is what reading processes do, for a watched folder as for ``vaguemestre-edge read``;
``read_sample`` is what enrolment does with a form's samples. Both prepare the image and turn it
upright by the same steps. The steps lie in ``edge.imaging``, ``edge.ocr``,
``edge.classification``, ``edge.extraction`` and beside this module; here stands their order:

1. ``prepare``: dark ink on light paper, without specks and black borders; is anything written?
2. A separator, unless the page holds something else (``separator_pages``).
3. ``identify``: the page upright (``upright``), and its type. One that looks like a measured form
   is asked a few lines; of any other all lines are read, quickly, and with care where that helps.
4. Fields: in the zones of a measured form, else beside their printed labels.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from edge.classification import printed_text
from edge.classification import registration as layouts
from edge.classification.printed_text import Classification
from edge.classification.registration import LayoutMatch, PrintSurvey, Registration
from edge.extraction import foreign_content, labelled, zones
from edge.imaging import cleaning, quality, separators
from edge.imaging.source_file import PageImage
from edge.ocr import orientation, show_through
from edge.ocr.engine import Gray, OcrEngine, Quad, ReadMode
from edge.ocr.lines import bounds, fold_printed, fold_text, read_fast
from edge.pipeline import separator_pages
from edge.pipeline.upright import UprightPage, make_upright
from edge.results import BoxPx, PageReading, Separator, SeparatorKind, TextLine
from vaguemestre.model.document import BoxMm, Field, ImageRef, Layout
from vaguemestre.model.forms import Anchor, FormDefinition

DISTORTED = "distorted"
_NOT_AS_MEASURED = frozenset(
    {"negative", "dark", "faint"}
)  # marks of pages without accepted values
_LEGIBLE = 0.85  # legibility from which a page is what it looks like
_BLURRED_FROM = 0.6  # a page this unsharp is marked, so that routing asks a person

_SIMILAR = 85.0  # rapidfuzz ratio from which a line says what its anchor does
_AGREEING = 0.7  # of the lines that are asked
_LONG_LINE = 26  # letters of a line that strays by itself; a word may stand on a form twice
# How far such a line lies away when no other says so: what a threshold breaks off a line moves it
# by up to 1.4 mm (of 40 flat black-and-white pages two lay so, 1.0 and 1.4 mm away).
_ALONE_MM = 1.5
_MOST_STRAYED = 12  # lines that may have strayed, to be read: none on nearly all sheets


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What stays the same from page to page."""

    forms: Mapping[str, FormDefinition]
    accept_error_rate: float
    separator_barcodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A page any way up, with dark ink on light paper, without specks and black borders.

    ``gray`` is height × width. ``uncleaned`` is the same before specks and borders went, None when
    there were none. ``marks`` say what was found and done, those of the image first.
    """

    gray: Gray
    dpi: float
    uncleaned: Gray | None
    had_specks: bool
    is_blank: bool
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormSample:
    """A form's sample as it was read: upright page (height × width), its resolution, its lines."""

    gray: Gray
    dpi: float
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class PageIdentity:
    """What a page is, the lines that say so, and where its form lies when it is measured.

    ``survey`` tells which of the form's print stands where ``registration`` says; ``has_strayed``
    that some was read elsewhere.
    """

    lines: tuple[TextLine, ...]
    classification: Classification
    form: FormDefinition | None
    registration: Registration | None
    survey: PrintSurvey | None = None
    has_strayed: bool = False

    @property
    def is_flat(self) -> bool:
        """Whether one map tells, all over the sheet, where its fields lie."""
        return self.survey is not None and self.survey.is_all_over and not self.has_strayed

    def holds(self, box: BoxMm) -> bool:
        """Whether a zone of the form lies where ``registration`` says."""
        return self.is_flat and self.survey is not None and self.survey.holds(box)


@dataclass(frozen=True, slots=True)
class _Content:
    """What is read on an upright page."""

    lines: tuple[TextLine, ...]
    fields: tuple[Field, ...] = ()
    marks: tuple[str, ...] = ()


def read_page(
    image: PageImage, ref: ImageRef, context: ReadingContext, engine: OcrEngine, today: dt.date
) -> PageReading:
    """Clean, recognise and read one page.

    Args:
        image: As decoded; never changed.
        ref: Which image of which file this is.
        context: Forms and limits.
        engine: The recognition networks.
        today: No date on the page may lie after it.
    """
    prepared = prepare(image, engine)
    gray, dpi = prepared.gray, prepared.dpi
    width_mm, height_mm = _size_mm(gray, dpi)
    blank = PageReading(
        ref=ref,
        dpi=dpi,
        width_mm=width_mm,
        height_mm=height_mm,
        is_blank=True,
        marks=prepared.marks,
    )
    if prepared.is_blank:
        return blank
    separator = _separator(prepared, context, engine)
    # A page that a document begins with is read as any other.
    if separator is not None and not separator.keeps_page:
        return replace(blank, is_blank=False, separator=separator)
    page, identity = identify(gray, dpi, context.forms, engine)
    if not prepared.had_specks and _is_other_side(gray, page, identity, dpi, engine):
        return blank
    content = _read_content(prepared, page, identity, context, engine, today)
    classification = identity.classification
    blur = quality.blur(gray, dpi)
    width_mm, height_mm = _size_mm(page.gray, dpi)
    return PageReading(
        ref=ref,
        rotation=page.rotation,
        skew_deg=round(page.skew_deg, 2),
        dpi=dpi,
        width_mm=width_mm,
        height_mm=height_mm,
        blur=round(blur, 3),
        is_back=classification.is_back,
        lines=content.lines,
        guesses=classification.guesses,
        layout=classification.layout,
        fields=content.fields,
        separator=separator or _unread_sheet(classification, content.lines),
        marks=prepared.marks + content.marks + (("blurred",) if blur >= _BLURRED_FROM else ()),
    )


def read_sample(image: PageImage, engine: OcrEngine) -> FormSample | None:
    """Read a form's sample as any page is read, with more care; None when it is blank.

    Args:
        image: As decoded; never changed.
        engine: The recognition networks.
    """
    prepared = prepare(image, engine)
    if prepared.is_blank:
        return None
    page = make_upright(prepared.gray, prepared.dpi, engine, {}).gray
    # The detector keeps tick boxes apart from their labels; time does not matter here.
    text = read_fast(page, engine.find_lines(page), engine).improved(engine, ReadMode.VALUE)
    return FormSample(page, prepared.dpi, text.lines())


def prepare(image: PageImage, engine: OcrEngine) -> PreparedPage:
    """Make ink dark and paper light, remove specks and black borders, see whether it is blank.

    Args:
        image: As decoded; never changed.
        engine: Asked only where nothing but pale strokes is left.
    """
    positive, polarity = _positive(image)
    despeckled, had_specks = cleaning.remove_specks(positive, image.dpi)
    gray, had_border = cleaning.whiten_border(despeckled)
    marks = (*image.marks, *polarity)
    marks += (("dust",) if had_specks else ()) + (("border",) if had_border else ())
    # With the specks thin writing may have gone, and a dark page may hide some: whether nothing is
    # left is for a person to see.
    is_doubtful = had_specks or bool(polarity)
    content = quality.Content.WRITTEN if is_doubtful else quality.content(gray, image.dpi)
    is_blank = content is quality.Content.BLANK
    if content is quality.Content.FAINT:
        is_blank = show_through.is_show_through(gray, image.dpi, engine)
        marks += () if is_blank else ("faint",)
    uncleaned = positive if had_specks or had_border else None
    return PreparedPage(gray, image.dpi, uncleaned, had_specks, is_blank, marks)


def identify(
    gray: Gray, dpi: float, forms: Mapping[str, FormDefinition], engine: OcrEngine
) -> tuple[UprightPage, PageIdentity]:
    """Turn a page upright and say what it is.

    Args:
        gray: As prepared, height × width.
        dpi: Its resolution.
        forms: Those that are known, by type.
        engine: The recognition networks.
    """
    page = make_upright(gray, dpi, engine, forms)
    if page.layout is not None and page.layout.is_all_over:
        known = identify_by_layout(page.gray, page.quads, page.layout, forms, engine)
        if known is None:  # its look deceived, on the way up as well
            page = make_upright(gray, dpi, engine, {})
        elif known.classification.layout is Layout.VERIFIED and (
            known.is_flat or known.has_strayed
        ):
            return page, known
    text = page.text or read_fast(page.gray, page.quads, engine)
    identity = _identify_by_text(page.gray, dpi, text.lines(), forms)
    if identity.registration is not None:
        return page, identity
    improved = text.improved(engine)
    if improved.readings == text.readings:
        return page, identity
    return page, _identify_by_text(page.gray, dpi, improved.lines(), forms)


def identify_by_layout(
    gray: Gray,
    quads: Sequence[Quad],
    layout: LayoutMatch,
    forms: Mapping[str, FormDefinition],
    engine: OcrEngine,
) -> PageIdentity | None:
    """Ask a few lines of an upright page whether it is what it looks like; None when it is not.

    Lines that may have strayed from their place are asked with them.

    Args:
        gray: Height × width.
        quads: All of its lines.
        layout: The form that they lie like.
        forms: Those that are known, by type.
        engine: Reads the lines.
    """
    boxes = np.array([bounds(quad) for quad in quads], np.float64).reshape(-1, 4)
    survey = layouts.survey_print(boxes, layout.where, layout.form)
    anchors, strayed = layout.to_ask(), survey.strayed[:_MOST_STRAYED]
    lines = sorted({line for _, line in (*anchors, *strayed)})  # in the order of reading
    text = read_fast(gray, [quads[line] for line in lines], engine)
    texts = dict(zip(lines, (reading.text for reading in text.readings), strict=True))
    agreeing = sum(_says(texts[line], anchor) for anchor, line in anchors)
    if agreeing < _AGREEING * len(anchors):
        return None
    has_strayed = _has_strayed(survey, texts)
    # The share of its anchors that is printed counts: of those that were asked.
    form = replace(layout.form, anchors=tuple(anchor for anchor, _ in anchors))
    read = text.lines()
    classification = printed_text.classify(read, {**forms, form.type: form})
    if classification.guesses[0].type != form.type or classification.is_back:
        return None
    return PageIdentity(read, classification, layout.form, layout.where, survey, has_strayed)


def _identify_by_text(
    gray: Gray, dpi: float, lines: tuple[TextLine, ...], forms: Mapping[str, FormDefinition]
) -> PageIdentity:
    """Weigh all lines of an upright page, and lay its form over it."""
    classification = printed_text.classify(lines, forms)
    form = forms.get(classification.guesses[0].type)
    is_measured = classification.layout is Layout.VERIFIED and not classification.is_back
    if form is None or not is_measured:
        return PageIdentity(lines, classification, form, None)
    registration = layouts.register(gray, dpi, lines, form)
    if registration is None:
        return PageIdentity(lines, classification, form, None)
    boxes = np.array([line.box for line in lines], np.float64).reshape(-1, 4)
    survey = layouts.survey_print(boxes, registration, form)
    has_strayed = _has_strayed(survey, [line.text for line in lines])
    return PageIdentity(lines, classification, form, registration, survey, has_strayed)


def _has_strayed(survey: PrintSurvey, texts: Mapping[int, str] | Sequence[str]) -> bool:
    """Whether print was read away from its place; ``texts`` is what the lines say, by number."""
    strayed = survey.strayed[:_MOST_STRAYED]
    read = [i for i, (anchor, line) in enumerate(strayed) if _says(texts[line], anchor)]
    distances_mm = np.linalg.norm(survey.moves, axis=1)
    strays_alone = any(
        len(strayed[i][0].text) >= _LONG_LINE and distances_mm[i] >= _ALONE_MM for i in read
    )
    return strays_alone or layouts.moved_alike(survey.moves[read])


def _says(text: str, anchor: Anchor) -> bool:
    return fuzz.ratio(fold_printed(anchor.text), fold_text(text)) >= _SIMILAR


def _positive(image: PageImage) -> tuple[Gray, tuple[str, ...]]:
    """The page with dark ink on light paper, and the mark of what was done or is in doubt."""
    match cleaning.find_negative(image.gray, image.dpi):
        case cleaning.Polarity.NEGATIVE:
            return 255 - image.gray, ("negative",)
        case cleaning.Polarity.DOUBTFUL:
            return image.gray, ("dark",)
    return image.gray, ()


def _size_mm(gray: Gray, dpi: float) -> tuple[float, float]:
    """Width and height."""
    height, width = gray.shape
    return round(width * 25.4 / dpi, 1), round(height * 25.4 / dpi, 1)


def _separator(
    prepared: PreparedPage, context: ReadingContext, engine: OcrEngine
) -> Separator | None:
    """A page's separator; cleaning may have taken thin bars away, hence the page as it came."""
    gray, dpi, uncleaned = prepared.gray, prepared.dpi, prepared.uncleaned
    found = separators.find_separator(gray, dpi, context.separator_barcodes)
    if found is None and uncleaned is not None:
        found = separators.find_separator(uncleaned, dpi, context.separator_barcodes)
    return None if found is None else separator_pages.judged(found, gray, dpi, engine)


def _is_other_side(
    gray: Gray, page: UprightPage, identity: PageIdentity, dpi: float, engine: OcrEngine
) -> bool:
    """Whether a page of no form that hardly reads is a back whose front shines through strongly."""
    if identity.classification.layout is not None or page.text is None:
        return False
    if orientation.legibility(page.text) >= _LEGIBLE:
        return False
    bitonal = show_through.is_bitonal(gray)
    return show_through.may_show_through(
        gray, dpi, bitonal=bitonal
    ) and show_through.is_dark_show_through(page.gray, page.quads, dpi, engine, bitonal=bitonal)


def _unread_sheet(classification: Classification, lines: Sequence[TextLine]) -> Separator | None:
    """A sheet whose code was not read: what follows it is another document all the same."""
    texts = [line.text for line in lines]
    if classification.layout is None and separator_pages.is_titled_as_one(texts):
        return Separator(SeparatorKind.DOCUMENT, is_on_content=True)
    return None


def _read_content(
    prepared: PreparedPage,
    page: UprightPage,
    identity: PageIdentity,
    context: ReadingContext,
    engine: OcrEngine,
    today: dt.date,
) -> _Content:
    """Read an upright page's fields; none is accepted where ink is not as it was measured."""
    form, lines = identity.form, identity.lines
    if form is None or identity.classification.is_back:
        return _Content(lines)
    if identity.classification.layout is not Layout.VERIFIED:
        content = _Content(lines, labelled.read_labelled(lines, form, prepared.dpi, today))
    elif identity.registration is None:
        content = _Content(lines, zones.unread_fields(form), ("unregistered",))
    else:
        registration = identity.registration
        content = _read_zones(prepared, page, identity, form, registration, context, engine, today)
    if not _NOT_AS_MEASURED & set(prepared.marks):
        return content
    return replace(content, fields=tuple(replace(one, accepted=False) for one in content.fields))


def _read_zones(
    prepared: PreparedPage,
    page: UprightPage,
    identity: PageIdentity,
    form: FormDefinition,
    registration: Registration,
    context: ReadingContext,
    engine: OcrEngine,
    today: dt.date,
) -> _Content:
    """Read the zones of a measured form that lies as ``registration`` says."""
    dpi = prepared.dpi
    hidden = foreign_content.hidden_print(page.gray, registration, form)
    stripes = _stripes(prepared, page)

    def is_reliable(box: BoxMm) -> bool:
        is_cut = stripes is not None and cleaning.cut(stripes, registration.to_px(box))
        return (
            identity.holds(box)
            and not foreign_content.is_near_hidden_print(box, hidden)
            and not is_cut
        )

    fields = zones.read_fields(
        page.gray,
        dpi,
        form,
        registration,
        engine,
        today,
        context.accept_error_rate,
        is_reliable,
    )
    is_beside = foreign_content.holds_content(page.gray, registration, form)
    marks = (() if identity.is_flat else (DISTORTED,)) + (
        (foreign_content.OUTSIDE_CONTENT,) if is_beside else ()
    )
    return _Content((*identity.lines, *_written(fields, dpi)), fields, marks)


def _stripes(prepared: PreparedPage, page: UprightPage) -> Gray | None:
    """A page's white stripes, turned as the page was; fields that they cut are not accepted."""
    along = cleaning.quarter_turn(prepared.gray, page.rotation % 180)
    stripes = cleaning.find_stripes(along, prepared.dpi)
    return None if stripes is None else cleaning.laid(stripes, page.rotation, page.skew_deg)


def _written(fields: Sequence[Field], dpi: float) -> Iterator[TextLine]:
    """What stands in a form's fields, as lines: they are read apart from what is printed."""
    for field in fields:
        if field.raw and field.box_mm is not None:
            box = BoxPx(*(round(side / 25.4 * dpi) for side in field.box_mm))
            yield TextLine(field.raw, field.confidence, box)
