"""What blank sheets show around tick boxes, measured for a form's file."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edge.classification.registration import Registration
from edge.cli.enrol import measure_blanks
from edge.enrolment import blanks
from edge.errors import EnrolmentRefused, PackInvalid
from edge.extraction import tick_blank, ticks
from edge.ocr.engine import Gray
from models.training.drawing import forms as drawn_forms
from vaguemestre import pack
from vaguemestre.model import forms
from vaguemestre.model.forms import FieldKind, FormDefinition

TEXT = """# a remark that stays
type = "S9"
title = "t"
layout = "verified"

[[anchors]]
text = "a"

[[fields]]
name = "a"
kind = "tick"
blanks = [
    "{old}",
]
box_mm = [9.0, 9.0, 4.0, 4.0]

[[fields]]
name = "b"
kind = "tick"
blanks = ["{old}"]
box_mm = [9.0, 19.0, 4.0, 4.0]

[[groups]]
fields = ["a", "b"]
"""


def sheet_of(kind: str) -> tuple[FormDefinition, Gray, Registration]:
    form = pack.load(pack.default_dir()).forms[kind]
    sheet = drawn_forms.blank(form, 200)
    px = sheet.shape[1] / form.width_mm
    return form, sheet, Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]))


def steps(value: int) -> str:
    shape = (tick_blank.HIGH_PX, tick_blank.WIDE_PX)
    return tick_blank.packed(np.full(shape, value, np.uint8))


def without(text: str) -> list[str]:
    """The lines of a file that have nothing of a blank."""
    lines = [line for line in text.split("\n") if "blanks = [" not in line]
    return [line for line in lines if '"eN' not in line and line != "]"]


def test_blanks_are_written_anew_each_time_and_all_else_stays() -> None:
    text = TEXT.format(old=steps(3))
    once = blanks.written("S9.toml", text, {"a": (steps(0), steps(1)), "b": (steps(1), steps(2))})
    again = blanks.written("S9.toml", once, {"a": (steps(2),), "b": (steps(0),)})
    form = forms.parse_form("S9.toml", again)
    assert [spec.blanks for spec in form.fields] == [(steps(2),), (steps(0),)]
    assert steps(3) not in once
    rest = [without(one) for one in (text, once, again)]
    assert rest[0] == rest[1] == rest[2]
    assert again.startswith("# a remark that stays")


def test_a_file_that_is_laid_out_otherwise_is_left_alone() -> None:
    text = (
        'type = "S9"\ntitle = "t"\nfields = ['
        '{name = "a", kind = "tick", box_mm = [1.0, 1.0, 4.0, 4.0]}]\n'
    )
    with pytest.raises(EnrolmentRefused, match="une clé par ligne"):
        blanks.written("S9.toml", text, {"a": (steps(1),)})


@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_a_form_is_seen_on_the_sheet_that_it_was_measured_on(kind: str) -> None:
    form, sheet, where = sheet_of(kind)
    found = blanks.measured(form, [(sheet, where)])
    assert set(found) == {spec.name for spec in form.fields if spec.kind is FieldKind.TICK}
    for name, (text,) in found.items():
        steps_there = tick_blank.unpacked(text)
        seen = ticks.wider(sheet, where, ticks.boxes_of(form.field(name)))
        assert ticks.on_blank(seen, steps_there)[1] is steps_there, name


def test_a_sheet_with_a_mark_is_no_blank() -> None:
    form, sheet, where = sheet_of("S3501")
    spec = next(spec for spec in form.fields if spec.kind is FieldKind.TICK)
    box = where.to_px(ticks.boxes_of(spec)[0])
    left, top = round(box.left + box.width * 0.2), round(box.top + box.height * 0.2)
    sheet[top : top + round(box.height * 0.6), left : left + round(box.width * 0.6)] = 60
    with pytest.raises(EnrolmentRefused, match=spec.name):
        blanks.measured(form, [(sheet, where)])


def test_a_form_without_ticks_has_nothing_to_measure() -> None:
    form, sheet, where = sheet_of("S3501")
    bare = FormDefinition("S9", "t", fields=())
    assert form.fields
    with pytest.raises(EnrolmentRefused, match="case à cocher"):
        blanks.measured(bare, [(sheet, where)])


def test_a_form_that_is_no_definition_is_the_packs_fault(tmp_path: Path) -> None:
    (tmp_path / "S9.toml").write_text('type = "S9"', "utf-8")
    with pytest.raises(PackInvalid, match=r"S9\.toml"):
        measure_blanks("S9", [tmp_path / "sheet.png"], tmp_path, Console())


@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_the_shipped_forms_have_what_our_own_sheets_show(kind: str) -> None:
    form, sheet, where = sheet_of(kind)
    found = blanks.measured(form, [(sheet, where)])
    for name, (text,) in found.items():
        (kept,) = form.field(name).blanks
        differ = tick_blank.unpacked(text) != tick_blank.unpacked(kept)
        assert differ.mean() < 0.01, name
