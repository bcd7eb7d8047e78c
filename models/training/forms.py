"""Draw our verified forms from their definitions: printed words, bars, tints, combs and boxes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.extraction.combs import bounds
from models.training.fill import typefaces
from models.training.looks import LOOKS, Look
from models.training.paper import Sheet
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition

_PRINT, _BAR, _TINT, _RULE, _PAPER = 88, 96, 205, 200, 255
_PALE_PRINT = 150
_NUMBER_MM = 6.6  # from the end of a label to that of the number behind it
_IN_TABLE = (FieldKind.CODE, FieldKind.AMOUNT)
_PLAIN = Look(face="sans", is_tinted=False)


def blank(form: FormDefinition, dpi: int) -> NDArray[np.uint8]:
    """Draw a form's blank.

    Args:
        form: A verified form: its anchors and fields have boxes.
        dpi: Of the drawn sheet.
    """
    look = LOOKS.get(form.type, _PLAIN)
    faces = typefaces()
    sheet = Sheet(form.width_mm, form.height_mm, dpi)
    for box in look.tints:
        sheet.band(box, _TINT)
    for box in look.panels:
        sheet.frame(box, _RULE, 0.5)
    for box in look.bars:
        sheet.band(box, _BAR)
    for spec in form.fields:
        _field(sheet, spec, look)
    _anchors(sheet, form, look, faces)
    for number, spec in enumerate(_parted(form), start=1):
        _number(sheet, spec, str(number), faces[f"{look.face}_bold"])
    for word in look.words:
        ink = _PAPER if _in_bar(look, word.x, word.y - word.height / 2) else _PRINT
        sheet.text(word.x, word.y, word.text, faces[word.face], word.height, ink)
    return sheet.pixels()


def _anchors(sheet: Sheet, form: FormDefinition, look: Look, faces: Mapping[str, Path]) -> None:
    for anchor in form.anchors:
        box = anchor.box_mm
        if box is None or anchor.back:
            continue
        in_bar = _in_bar(look, box.left + box.width / 2, box.top + box.height / 2)
        bold = in_bar or anchor.text in look.headed
        face = faces[f"{look.face}_bold" if bold else look.face]
        text = anchor.text
        if text in look.numbered:  # the number is printed in the box
            text = text.rpartition(" ")[0]
            box = BoxMm(box.left, box.top, box.width - _NUMBER_MM, box.height)
        sheet.fitted(box, text, face, _PAPER if in_bar else _PRINT)


def _parted(form: FormDefinition) -> list[FieldSpec]:
    """The tick boxes with a number in their middle, in the order of the form."""
    return [spec for spec in form.fields if spec.kind is FieldKind.TICK and spec.boxes_mm]


def _number(sheet: Sheet, spec: FieldSpec, number: str, face: Path) -> None:
    if spec.box_mm is not None:
        left, right = spec.box_mm.left + spec.box_mm.width, spec.boxes_mm[0].left
        base = spec.box_mm.top + spec.box_mm.height * 0.88
        sheet.text((left + right) / 2, base, number, face, 2.2, _PALE_PRINT, "ms")


def _in_bar(look: Look, x: float, y: float) -> bool:
    return any(
        bar.left <= x <= bar.left + bar.width and bar.top <= y <= bar.top + bar.height
        for bar in look.bars
    )


def _field(sheet: Sheet, spec: FieldSpec, look: Look) -> None:
    if spec.cells_mm:
        _comb(sheet, spec, look)
    elif spec.box_mm is not None and spec.kind is FieldKind.TICK:
        _tick(sheet, bounds((spec.box_mm, *spec.boxes_mm)))
    elif spec.box_mm is not None and spec.kind is FieldKind.SIGNATURE:
        sheet.band(spec.box_mm, _PAPER)
    elif spec.box_mm is not None and look.is_tinted and spec.kind in _IN_TABLE:
        sheet.band(_grown(spec.box_mm, -0.2), _TINT)
    elif spec.box_mm is not None and not look.is_tinted and spec.box_mm.height < 9:
        for box in (spec.box_mm, *spec.boxes_mm):
            bottom = box.top + box.height
            sheet.rule(box.left, bottom, box.left + box.width, bottom, _RULE, 0.5)
            sheet.rule(box.left - 0.5, bottom - 3.0, box.left - 0.5, bottom, _RULE, 0.5)


def _tick(sheet: Sheet, box: BoxMm) -> None:
    sheet.band(_grown(box, 0.4), _TINT)
    sheet.band(box, _PAPER)


def _comb(sheet: Sheet, spec: FieldSpec, look: Look) -> None:
    around = bounds(spec.cells_mm)
    if not look.is_tinted:
        sheet.band(_grown(around, 0.9), _TINT)
        for cell in spec.cells_mm:
            sheet.band(_grown(cell, -0.2), _PAPER)
        return
    sheet.band(_grown(around, -0.1), _TINT)
    for left, right in zip(spec.cells_mm, spec.cells_mm[1:], strict=False):
        # White ticks part the cells in their lower half; a key stands apart.
        x, bottom = (left.left + left.width + right.left) / 2, left.top + left.height
        gap = max(0.35, right.left - left.left - left.width)
        sheet.band(BoxMm(x - gap / 2, bottom - left.height * 0.45, gap, left.height * 0.45), _PAPER)


def _grown(box: BoxMm, by: float) -> BoxMm:
    return BoxMm(box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by)
