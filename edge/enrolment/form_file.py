"""A picture of a form's zones, for a person to check.

A form definition as the TOML that ``vaguemestre.model.forms`` reads and people edit.
"""

import json
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import Anchor, FieldKind, FieldSpec, FormDefinition, NumberCheck

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


def to_toml(form: FormDefinition, remarks: Sequence[str] = ()) -> str:
    """Write a definition; ``remarks`` become comments at its head."""
    return "\n".join((*(f"# {line}" for line in remarks), *_head(form), *_parts(form))) + "\n"


def _head(form: FormDefinition) -> Iterator[str]:
    yield f"type = {_text(form.type)}"
    yield f"title = {_text(form.title)}"
    if form.layout is not None:
        yield f"layout = {_text(form.layout.value)}"
    for key, values in (
        ("cerfa", form.cerfa), ("s_numbers", form.s_numbers), ("excludes", form.excludes),
    ):  # fmt: skip
        if values:
            yield f"{key} = {_texts(values)}"
    yield f"width_mm = {form.width_mm:.1f}"
    yield f"height_mm = {form.height_mm:.1f}"


def _parts(form: FormDefinition) -> Iterator[str]:
    for anchor in form.anchors:
        yield from ("", "[[anchors]]", *_anchor(anchor))
    for spec in form.fields:
        yield from ("", "[[fields]]", *_field(spec))
    for group in form.groups:
        names = f"fields = {_texts(group.fields)}"
        yield from ("", "[[groups]]", names, f"rule = {_text(group.rule.value)}")


def _anchor(anchor: Anchor) -> Iterator[str]:
    yield f"text = {_text(anchor.text)}"
    yield f"weight = {anchor.weight}"
    if anchor.box_mm is not None:
        yield f"box_mm = {_box(anchor.box_mm)}"
    if anchor.back:
        yield "back = true"


def _field(spec: FieldSpec) -> Iterator[str]:
    yield f"name = {_text(spec.name)}"
    yield f"kind = {_text(spec.kind.value)}"
    if spec.required:
        yield "required = true"
    if spec.check is not NumberCheck.NONE:
        yield f"check = {_text(spec.check.value)}"
    if spec.decimals:
        yield f"decimals = {spec.decimals}"
    if spec.may_lie_ahead:
        yield "may_lie_ahead = true"
    if spec.box_mm is not None:
        yield f"box_mm = {_box(spec.box_mm)}"
    for key, boxes in (
        ("boxes_mm", spec.boxes_mm), ("cells_mm", spec.cells_mm), ("print_mm", spec.print_mm),
    ):  # fmt: skip
        if boxes:
            yield f"{key} = [{', '.join(_box(box) for box in boxes)}]"
    if spec.blanks:
        yield f"blanks = {_texts(spec.blanks)}"
    if spec.labels:
        yield f"labels = {_texts(spec.labels)}"


def _box(box: BoxMm) -> str:
    return f"[{', '.join(f'{value:.1f}' for value in box)}]"


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are among TOML's, but for the one character it leaves."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
