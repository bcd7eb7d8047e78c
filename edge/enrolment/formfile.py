"""A form definition as the TOML that ``vaguemestre.model.forms`` reads and people edit."""

import json
from collections.abc import Iterator, Sequence

from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import Anchor, FieldSpec, FormDefinition, NumberCheck


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
