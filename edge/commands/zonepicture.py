"""A picture of a form's zones, for a person to check."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FormDefinition

_DPI = 150.0
# Blue, green, red, as OpenCV orders them.
_ANCHOR, _COMB, _TICK, _SIGNATURE, _ZONE = (
    (200, 150, 90), (40, 40, 210), (0, 120, 235), (170, 40, 150), (60, 150, 30),
)  # fmt: skip


def png(blank: NDArray[np.uint8], dpi: float, form: FormDefinition) -> bytes:
    """Draw anchors and zones over a blank; field names stand beside their zones.

    Args:
        blank: Height × width, grey.
        dpi: Its resolution.
        form: Boxes in millimetres of the blank.
    """
    scale = _DPI / dpi
    size = tuple(max(1, round(side * scale)) for side in blank.shape[::-1])
    page = cv2.resize(blank, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    picture = np.asarray(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR), np.uint8)
    for anchor in form.anchors:
        if anchor.box_mm is not None:
            _frame(picture, anchor.box_mm, _ANCHOR, 1)
    for spec in form.fields:
        boxes = spec.cells_mm or tuple(b for b in (spec.box_mm, *spec.boxes_mm) if b is not None)
        colour = _colour(spec.kind, is_comb=bool(spec.cells_mm))
        for box in boxes:
            _frame(picture, box, colour, 2)
        if boxes:
            x, y = _px(boxes[0].left), _px(boxes[0].top) - 3
            cv2.putText(picture, f"{spec.name}:{spec.kind.value}", (x, max(9, y)),
                        cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)  # fmt: skip
    encoded, data = cv2.imencode(".png", picture)
    if not encoded:
        raise ValueError("the picture could not be encoded")
    return data.tobytes()


def _colour(kind: FieldKind, *, is_comb: bool) -> Sequence[int]:
    if is_comb:
        return _COMB
    return {FieldKind.TICK: _TICK, FieldKind.SIGNATURE: _SIGNATURE}.get(kind, _ZONE)


def _frame(picture: NDArray[np.uint8], box: BoxMm, colour: Sequence[int], width: int) -> None:
    corner = (_px(box.left), _px(box.top))
    end = (_px(box.left + box.width), _px(box.top + box.height))
    cv2.rectangle(picture, corner, end, colour, width)


def _px(mm: float) -> int:
    return round(mm * _DPI / 25.4)
