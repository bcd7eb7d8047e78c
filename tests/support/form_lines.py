"""The lines that a measured form would show on a page at 200 dpi."""

from edge.ocr.engine import Quad
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FormDefinition

DPI = 200.0


def quad(box: BoxMm, shift: tuple[float, float] = (0.0, 0.0), size: float = 1.0) -> Quad:
    left, top = ((at * size + by) * DPI / 25.4 for at, by in zip(box[:2], shift, strict=True))
    width, height = (side * size * DPI / 25.4 for side in box[2:])
    return Quad((
        (left, top), (left + width, top), (left + width, top + height), (left, top + height),
    ))  # fmt: skip


def lines_of(
    form: FormDefinition, shift: tuple[float, float] = (0.0, 0.0), size: float = 1.0
) -> list[Quad]:
    return [quad(a.box_mm, shift, size) for a in form.fronts_with_boxes if a.box_mm]
