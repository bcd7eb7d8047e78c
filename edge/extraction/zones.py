"""Read the fields of a registered form.

All zones are cut first and read in few calls, because networks like batches; then each
reading becomes a field, and the fields are weighed against each other.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from edge.classification.registration import Registration
from edge.extraction import acceptance, comb_reading, combs, foreign_content, ink, ticks
from edge.extraction.acceptance import AcceptanceContext
from edge.extraction.fields import TEXT_KINDS, FieldCrop, field_alphabet, judge_field
from edge.ocr import line_finder, lines
from edge.ocr.engine import Alphabet, Gray, LineReading, OcrEngine, Quad
from edge.ocr.lines import bounds, crop
from vaguemestre.model.document import BoxMm, Check, Field
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, bounding_box

_LINE_MARGIN_MM = 0.7
_EDGE_MM = 1.2  # how near to a block's edge a corner of its box ends
_HIGHER = 1.12  # times the usual line's height
_SHORT = 2.0  # width over height of what may be a corner
_BLOCK_FROM_MM = 9.0  # taller zones hold several lines
_LEAST_INK_MM2 = 0.3
_MAY_BE_SHORTER = (FieldKind.AMOUNT, FieldKind.DIGITS)  # what is left of them is one, too
_ALONE = (*_MAY_BE_SHORTER, FieldKind.NIR)  # no other comb follows theirs cell by cell


def unread_fields(form: FormDefinition) -> tuple[Field, ...]:
    """Every field of a form that could not be registered: each may be written, and is asked for."""
    return tuple(
        Field(spec.name, None, "", 0.0, False, Check.FAILED, 0, None) for spec in form.fields
    )


def read_fields(
    gray: Gray,
    dpi: float,
    form: FormDefinition,
    where: Registration,
    readers: OcrEngine,
    today: dt.date,
    wanted_error_rate: float = 0.001,
    holds: Callable[[BoxMm], bool] = lambda _: True,
) -> tuple[Field, ...]:
    """Read every field that the form defines.

    Args:
        gray: The upright page.
        dpi: Its resolution.
        form: A verified form.
        where: Where it lies on the page.
        readers: The recognition networks.
        today: No date lies after it.
        wanted_error_rate: Of the accepted values.
        holds: Whether a zone lies where the form's print says; of one that may not, nothing is
            accepted, and that nothing is written there neither.
    """
    terms = AcceptanceContext(today, wanted_error_rate)
    cuts = [_cut(gray, where, spec, readers, terms) for spec in form.fields]
    cuts = _judged_ticks(gray, where, form, _judged_hands(cuts, readers), readers)
    fields = [
        judge_field(cut, readings, where.to_px(cut.box).to_mm(dpi), readers, terms)
        for cut, readings in zip(cuts, _read_all(cuts, readers), strict=True)
    ]
    for_a_person = {cut.spec.name for cut in cuts if cut.is_for_a_person}
    is_misprinted = foreign_content.is_print_shifted(
        [cut.place for cut in cuts if cut.place is not None]
    )
    astray = {
        cut.spec.name
        for cut in cuts
        if is_misprinted or not all(map(holds, (cut.box, *cut.spec.boxes_mm)))
    }
    fields = [_doubted(field) if field.name in astray else field for field in fields]
    weighed = acceptance.cross_check(fields, wanted_error_rate, for_a_person | astray)
    return ticks.check(weighed, form.groups)


def _doubted(field: Field) -> Field:
    """A field whose zone may lie elsewhere; one that seems empty is asked for."""
    check = Check.FAILED if field.value is None else field.check
    return replace(field, accepted=False, check=check)


def _cut(
    gray: Gray,
    where: Registration,
    spec: FieldSpec,
    readers: OcrEngine,
    terms: AcceptanceContext,
) -> FieldCrop:
    box = spec.box_mm if spec.box_mm is not None else bounding_box(spec.cells_mm)
    if spec.kind is FieldKind.TICK:
        return FieldCrop(spec, box)
    if spec.kind is FieldKind.SIGNATURE:
        parts = (
            ink.cut_zone(gray, where, ticks.inside_box(part)) for part in (box, *spec.boxes_mm)
        )
        return FieldCrop(spec, box, marks=tuple(parts))
    if spec.cells_mm:
        sorted_ink = combs.assign_ink(
            ink.cut_zone(gray, where, box, _LINE_MARGIN_MM), spec.cells_mm
        )
        # A code may be one letter; a number or a date of one digit is a rest of the comb's frame.
        if sorted_ink is None or (
            spec.kind is not FieldKind.CODE and sorted_ink.is_only_frame(spec.cells_mm)
        ):
            return FieldCrop(spec, box)
        is_alone = spec.kind in _ALONE
        place = foreign_content.find_extent(gray, where, spec.cells_mm) if is_alone else None
        if spec.kind in _MAY_BE_SHORTER and (
            (place is not None and place.goes_on)
            or foreign_content.is_covered(gray, where, spec.cells_mm, sorted_ink.filled)
        ):
            sorted_ink = replace(sorted_ink, is_whole=False)
        image = sorted_ink.strip if sorted_ink.in_cells else sorted_ink.whole
        cells = comb_reading.read_by_cells(sorted_ink, spec, readers, terms)
        if cells is not None and cells.is_dust(len(spec.cells_mm)):
            return FieldCrop(spec, box)
        return FieldCrop(spec, box, (image,), sorted_ink, cells, place=place)
    cuts = [
        _lines(ink.cut_zone(gray, where, line, _LINE_MARGIN_MM), line, readers)
        for line in (box, *spec.boxes_mm)
    ]
    images = tuple(image for cut, _ in cuts for image in cut)
    is_whole = all(is_whole for _, is_whole in cuts) and not any(
        foreign_content.word_continues(gray, where, line)
        for line, (cut, _) in zip((box, *spec.boxes_mm), cuts, strict=True)
        if cut and line.height < _BLOCK_FROM_MM
    )
    return FieldCrop(spec, box, images, is_whole=is_whole)


def _judged_hands(cuts: Sequence[FieldCrop], readers: OcrEngine) -> list[FieldCrop]:
    """The cuts, those of words with the chance of handwriting; one hand wrote all of a field."""
    worded = [i for i, cut in enumerate(cuts) if cut.spec.kind in TEXT_KINDS and cut.images]
    chances = iter(readers.by_hand([image for i in worded for image in cuts[i].images]))
    judged = list(cuts)
    for i in worded:
        judged[i] = replace(cuts[i], by_hand=fmean(next(chances) for _ in cuts[i].images))
    return judged


def _judged_ticks(
    gray: Gray,
    where: Registration,
    form: FormDefinition,
    cuts: Sequence[FieldCrop],
    readers: OcrEngine,
) -> list[FieldCrop]:
    """The cuts, those of ticks with their windows and chances: one call for a page."""
    ticked = [i for i, cut in enumerate(cuts) if cut.spec.kind is FieldKind.TICK]
    others = ticks.written_in(form)
    patches = ticks.patches(gray, where, [cuts[i].spec for i in ticked], others)
    judged = list(cuts)
    for i, patch, chances in zip(ticked, patches, readers.judge_ticks(patches), strict=True):
        judged[i] = replace(cuts[i], tick=patch, chances=chances)
    return judged


def _is_in_cells(cut: FieldCrop) -> bool:
    return cut.written is not None and cut.written.in_cells


def _lines(zone: ink.Zone, box: BoxMm, readers: OcrEngine) -> tuple[list[Gray], bool]:
    """The lines written in a zone, and whether each seems to be whole."""
    if zone.ink_mm2 < _LEAST_INK_MM2:
        return [], True
    if box.height >= _BLOCK_FROM_MM:
        found = line_finder.find_lines(zone.image, ink.PX_PER_MM * 25.4)
        quads = found.quads if found.is_sure else readers.find_lines(zone.image)
        usual = float(np.median([bounds(quad).height for quad in quads])) if quads else 0.0
        quads = [quad for quad in quads if not _is_corner(quad, zone, usual)]
        tops = [(box.top, box.top + box.height) for box in map(bounds, quads)]
        is_whole = not any(ink.is_cut_at_edge(zone.mask, *rows) for rows in tops)
        return [crop(zone.image, quad) for quad in quads], is_whole
    mask = ink.writing_mask(zone, box)
    if not mask.any():
        return [], True
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    margin = round(_LINE_MARGIN_MM * ink.PX_PER_MM)
    top, bottom = max(0, rows[0] - margin), rows[-1] + margin
    left, right = max(0, columns[0] - margin), columns[-1] + margin
    return [ink.keep_ink(zone, mask)[top:bottom, left:right]], ink.is_writing_whole(zone, mask)


def _is_corner(quad: Quad, zone: ink.Zone, usual: float) -> bool:
    """A corner of the box that a block is written in looks like an L.

    It reaches the edge, or is higher than the block's lines are as a rule.
    """
    left, top, width, height = bounds(quad)
    edge = _EDGE_MM * ink.PX_PER_MM
    reaches = (
        min(left, top) <= edge
        or left + width >= zone.image.shape[1] - edge
        or top + height >= zone.image.shape[0] - edge
    )
    return width < _SHORT * height and (reaches or height > _HIGHER * usual)


def _read_all(cuts: Sequence[FieldCrop], readers: OcrEngine) -> list[tuple[LineReading, ...]]:
    """Read what is not settled in one call an alphabet, answers in the order of the cuts."""
    answers: dict[tuple[int, int], LineReading] = {}
    for alphabet in Alphabet:
        keys = [
            (i, j)
            for i, cut in enumerate(cuts)
            if not cut.is_settled
            for j in range(len(cut.images))
            if field_alphabet(cut.spec, in_cells=_is_in_cells(cut)) is alphabet
        ]
        if keys:
            images = [cuts[i].images[j] for i, j in keys]
            read = readers.read_lines(images, alphabet)
            if alphabet is Alphabet.TEXT:
                read = lines.restore_spaces(images, read, readers)
            answers.update(zip(keys, read, strict=True))
    return [
        tuple(answers[i, j] for j in range(len(cut.images)) if (i, j) in answers)
        for i, cut in enumerate(cuts)
    ]
