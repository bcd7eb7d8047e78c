"""What blank sheets show around a form's tick boxes, measured for the form's file.

A fund has its forms' blanks by the ream; scanned once, they tell the tick network what is print and
what is somebody's mark. Each sheet is a printing by itself. In the file they are the ``blanks`` of
each tick (``edge.extraction.tick_blank``).
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np

from edge.classification.registration import Registration
from edge.errors import EnrolmentRefused
from edge.extraction import tick_blank, ticks
from edge.ocr.engine import Gray, Patch
from vaguemestre.model import forms
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import DefinitionInvalid, FieldKind, FormDefinition

_SOFT_PX = 0.5  # as soft as a scan
_MOST_INKED = 0.15  # of a box: more is no blank's


def measured(
    form: FormDefinition, sheets: Sequence[tuple[Gray, Registration]]
) -> dict[str, tuple[str, ...]]:
    """The packed blanks of each tick, one a sheet.

    Args:
        form: Whose ticks.
        sheets: Upright blank pages, and where the form lies on them.

    Raises:
        EnrolmentRefused: the form has no tick, or a box of a sheet is inked.
    """
    found: dict[str, tuple[str, ...]] = {}
    soft_sheets = [(_softened(sheet), where) for sheet, where in sheets]
    for spec in form.fields:
        if spec.kind is FieldKind.TICK:
            boxes = ticks.boxes_of(spec)
            plan = ticks.plan(boxes, spec.print_mm, ())
            for number, (sheet, where) in enumerate(sheets, 1):
                seen, _ = ticks.on_blank(ticks.wider(sheet, where, boxes), None)
                if ticks.ink_share(Patch(seen, plan)) > _MOST_INKED:
                    raise EnrolmentRefused(
                        f"La case {spec.name} de l'exemple {number} n'est pas vide : donnez une"
                        " feuille vierge."
                    )
            shown_there = (_steps(sheet, where, boxes) for sheet, where in soft_sheets)
            found[spec.name] = tuple(tick_blank.packed(steps) for steps in shown_there)
    if not found:
        raise EnrolmentRefused(f"{form.type} n'a pas de case à cocher.")
    return found


def shown(sheet: Gray, where: Registration, boxes: Sequence[BoxMm]) -> Gray:
    """The steps of a blank in a tick's window, 64 × 80."""
    return _steps(_softened(sheet), where, boxes)


def _softened(sheet: Gray) -> Gray:
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), _SOFT_PX), np.uint8)


def _steps(soft_sheet: Gray, where: Registration, boxes: Sequence[BoxMm]) -> Gray:
    picture, _ = ticks.on_blank(ticks.wider(soft_sheet, where, boxes), None)
    return tick_blank.measured(picture)


def with_blanks(form: FormDefinition, found: Mapping[str, tuple[str, ...]]) -> FormDefinition:
    """The form with those blanks."""
    specs = (dataclasses.replace(spec, blanks=found.get(spec.name, ())) for spec in form.fields)
    return dataclasses.replace(form, fields=tuple(specs))


def written(name: str, text: str, found: Mapping[str, tuple[str, ...]]) -> str:
    """A form's file with these blanks in the place of those that it had; all else stays.

    Args:
        name: Of the file.
        text: Of the file.
        found: What ``measured`` says.

    Raises:
        EnrolmentRefused: the file is laid out in a way that cannot be changed line by line.
        DefinitionInvalid: it is no definition.
    """
    form = forms.parse_form(name, text)
    new = "\n".join(_lines(text.split("\n"), found))
    try:
        is_right = forms.parse_form(name, new) == with_blanks(form, found)
    except DefinitionInvalid:
        is_right = False
    if not is_right:
        raise EnrolmentRefused(
            f"{name} n'est pas écrit une clé par ligne.",
            hint="Remettez-le en forme, puis réessayez.",
        )
    return new


def _lines(lines: Sequence[str], found: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    is_old = False
    names = {f'name = "{name}"': name for name in found}
    for line in lines:
        is_old = is_old or line.startswith("blanks = [")
        if not is_old:
            yield line
        if line.strip() in names:
            yield "blanks = ["
            yield from (f'    "{text}",' for text in found[names[line.strip()]])
            yield "]"
        is_old = is_old and not line.rstrip().endswith("]")
