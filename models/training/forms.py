"""Draw our verified forms from their definitions: printed words, bands, combs and boxes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.document import BoxMm
from edge.reading.comb import bounds
from edge.reading.forms import FieldKind, FormDefinition
from models.training.paper import Sheet

_PRINT, _TINT, _RULE = 95, 216, 205


def blank(form: FormDefinition, dpi: int, font: Path) -> NDArray[np.uint8]:
    """Draw a form's blank.

    Args:
        form: A verified form: its anchors and fields have boxes.
        dpi: Of the drawn sheet.
        font: Of its printed words.
    """
    sheet = Sheet(form.width_mm, form.height_mm, dpi)
    for spec in form.fields:
        if spec.cells_mm:
            around = bounds(spec.cells_mm)
            sheet.band(_grown(around, 0.8), _TINT)
            for cell in spec.cells_mm:
                sheet.band(_grown(cell, -0.25), 255)
        elif spec.box_mm is not None and spec.kind is FieldKind.TICK:
            sheet.band(_grown(spec.box_mm, 0.8), _TINT)
            sheet.band(spec.box_mm, 255)
        elif spec.box_mm is not None:
            for box in (spec.box_mm, *spec.boxes_mm):
                bottom = box.top + box.height
                sheet.rule(box.left, bottom, box.left + box.width, bottom, _RULE)
    for anchor in form.anchors:
        if anchor.box_mm is not None and not anchor.back:
            sheet.fitted(anchor.box_mm, anchor.text, font, _PRINT)
    printed = " ".join(anchor.text for anchor in form.anchors).replace(" ", "")
    if form.cerfa and form.cerfa[0] not in printed:
        sheet.text(12.0, 17.0, f"N° {form.cerfa[0]}", font, 2.2, _PRINT)
    if form.s_numbers and form.s_numbers[0] not in printed:
        x, y = form.width_mm - 10.0, form.height_mm - 7.5
        sheet.text(x, y, f"{form.s_numbers[0][0]} {form.s_numbers[0][1:]}", font, 2.4, _PRINT, "rs")
    return sheet.pixels()


def _grown(box: BoxMm, by: float) -> BoxMm:
    return BoxMm(box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by)
