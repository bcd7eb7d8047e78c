"""Boxes as people tick them, on drawn forms: what is accepted is right, the rest is doubtful."""

import collections
import dataclasses
import datetime as dt
import functools
import random
from collections.abc import Sequence

import numpy as np
import pytest

from edge.classification.registration import Registration
from edge.enrolment import blanks
from edge.extraction.zones import read_fields
from edge.inference.readers import TickNetwork
from edge.ocr.engine import Gray, Patch, TickChances
from models.training.drawing import degrade, fill, forms
from models.training.ticks import pages
from models.training.ticks.ink import Mark
from models.training.ticks.pages import Pen
from tests.support.fake_readers import NoReaders
from vaguemestre import pack
from vaguemestre.model.document import Field
from vaguemestre.model.forms import FieldKind, FormDefinition

DPI = 200
BALL_PEN, PENCIL = Pen("ball pen", 40.0, 0.1), Pen("pencil", 170.0, 0.3)


class Ticks(NoReaders):
    """The tick network alone; nothing else is asked for words written by hand."""

    def __init__(self) -> None:
        self.network = TickNetwork.load(pack.default_dir() / "onnx", 1)

    def judge_ticks(self, patches: Sequence[Patch]) -> list[TickChances]:
        return self.network.judge(patches)

    def by_hand(self, crops: Sequence[Gray]) -> list[float]:
        assert not crops
        return []


@pytest.fixture(scope="module")
def readers() -> Ticks:
    return Ticks()


@functools.cache
def shipped(kind: str) -> FormDefinition:
    """The form, and nothing of its groups: each box is judged by itself."""
    return dataclasses.replace(pack.load(pack.default_dir()).forms[kind], groups=())


@functools.cache
def blank(kind: str) -> Gray:
    return forms.blank(shipped(kind), DPI)


@functools.cache
def form_of(kind: str) -> FormDefinition:
    """The form as a fund has it that measured its blank sheet."""
    form, sheet = shipped(kind), blank(kind)
    px = sheet.shape[1] / form.width_mm
    where = Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]))
    return blanks.with_blanks(form, blanks.measured(form, [(sheet, where)]))


def read(page: pages.TickedPage, form: FormDefinition, readers: Ticks) -> dict[str, Field]:
    ticks = tuple(spec for spec in form.fields if spec.kind is FieldKind.TICK)
    only = dataclasses.replace(form, fields=ticks)
    where = Registration(page.where)
    fields = read_fields(page.image, DPI, only, where, readers, dt.date(2026, 11, 30))
    return {field.name: field for field in fields}


def marked(
    kind: str, mark: Mark, seed: int, readers: Ticks, *, pen: Pen = BALL_PEN, way: str = "grey"
) -> list[Field]:
    """All boxes of a form, marked alike; those of which the scan shows nothing left out."""
    form = form_of(kind)
    marks = {spec.name: mark for spec in form.fields if spec.kind is FieldKind.TICK}
    page = pages.draw(form, blank(kind), DPI, seed, way=way, marks=marks, with_pen=pen)
    fields = read(page, form, readers)
    return [fields[box.name] for box in page.boxes if not box.is_lost]


def accepted(fields: Sequence[Field]) -> list[str | None]:
    return [field.value for field in fields if field.accepted]


@pytest.mark.parametrize(
    ("kind", "way"), [("S3110", "grey"), ("S3110", "black and white"), ("S3501", "grey")]
)
def test_empty_boxes_are_accepted_as_not_ticked(kind: str, way: str, readers: Ticks) -> None:
    fields = marked(kind, Mark.EMPTY, 1, readers, way=way)
    assert len(fields) >= 8
    assert set(accepted(fields)) == {"false"}
    assert len(accepted(fields)) >= len(fields) - 1


@pytest.mark.parametrize("way", ["grey", "black and white"])
@pytest.mark.parametrize("mark", [Mark.CROSS, Mark.STROKE, Mark.CIRCLED, Mark.DOT])
def test_a_mark_on_a_printed_number_is_never_an_empty_box(
    mark: Mark, way: str, readers: Ticks
) -> None:
    numbered = [spec.name for spec in form_of("S3501").fields if len(spec.boxes_mm) > 0]
    assert len(numbered) >= 4
    for seed in range(70, 73):
        assert "false" not in accepted(marked("S3501", mark, seed, readers, way=way))


@pytest.mark.parametrize("mark", [Mark.CROSS, Mark.CHECK, Mark.STROKE, Mark.BLACKENED])
@pytest.mark.parametrize("way", ["grey", "black and white"])
def test_marks_in_the_box_are_ticks(mark: Mark, way: str, readers: Ticks) -> None:
    fields = marked("S3110", mark, 2, readers, way=way)
    assert len(fields) >= 15
    assert set(accepted(fields)) <= {"true"}
    assert len(accepted(fields)) >= 0.6 * len(fields)


@pytest.mark.parametrize("way", ["grey", "black and white"])
def test_neat_crosses_and_empty_boxes_need_nobody(way: str, readers: Ticks) -> None:
    form = form_of("S3110")
    rng = random.Random(3)
    names = [spec.name for spec in form.fields if spec.kind is FieldKind.TICK]
    written = dict.fromkeys(names[::2], "true")
    page = fill.fill(blank("S3110"), form, written, font=fill.typefaces()["sans"], rng=rng)
    state = rng.getstate()
    turn = degrade.placed(page, rng, most_skew=1.0)
    rng.setstate(state)
    image = degrade.scan(page, rng, most_skew=1.0)
    image = degrade.bitonal(image) if way == "black and white" else image
    px = image.shape[1] / form.width_mm
    where = turn @ np.diag([px, px, 1.0])
    scanned = pages.TickedPage(image, DPI, where, "pen", way, ())
    fields = read(scanned, form, readers)
    sure = [name for name in names if fields[name].accepted]
    assert all(fields[name].value == written.get(name, "false") for name in sure)
    assert len(sure) >= len(names) - 3


@pytest.mark.parametrize("mark", [Mark.CIRCLED, Mark.BESIDE, Mark.DOT])
def test_marks_that_may_mean_it_are_never_accepted_as_not_ticked(
    mark: Mark, readers: Ticks
) -> None:
    fields = marked("S3110", mark, 3, readers)
    assert len(fields) >= 15
    assert "false" not in accepted(fields)


@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_a_mark_beside_its_box_is_seen_even_on_a_label(kind: str, readers: Ticks) -> None:
    boxes, missed = collections.Counter[str](), collections.Counter[str]()
    for seed in range(30, 38):
        pen = Pen("pencil", 150.0, 0.3) if seed % 2 else BALL_PEN
        fields = marked(kind, Mark.BESIDE, seed, readers, pen=pen)
        boxes[pen.name] += len(fields)
        missed[pen.name] += accepted(fields).count("false")
    assert min(boxes.values()) >= 30
    assert missed["ball pen"] == 0
    assert missed["pencil"] <= 2  # within a dark bar or a letter's stroke, along a tint's edge


@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_a_box_that_was_painted_over_with_its_frame_is_for_a_person(
    kind: str, readers: Ticks
) -> None:
    for seed in range(50, 54):
        fields = marked(kind, Mark.COVERED, seed, readers)
        assert len(fields) >= 6
        assert accepted(fields) == []


@pytest.mark.parametrize("way", ["grey", "black and white"])
@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_most_empty_boxes_of_either_form_need_nobody(kind: str, way: str, readers: Ticks) -> None:
    fields = [
        field
        for seed in range(60, 64)
        for field in marked(kind, Mark.EMPTY, seed, readers, way=way)
    ]
    assert set(accepted(fields)) == {"false"}
    assert len(accepted(fields)) >= 0.8 * len(fields)


def test_a_struck_out_tick_is_for_a_person(readers: Ticks) -> None:
    assert accepted(marked("S3110", Mark.STRUCK, 4, readers)) == []


@pytest.mark.parametrize("mark", [Mark.STAMP, Mark.CROSSING])
def test_what_others_left_over_a_box_is_never_accepted_as_a_tick(
    mark: Mark, readers: Ticks
) -> None:
    fields = marked("S3110", mark, 5, readers)
    assert len(fields) >= 15
    assert "true" not in accepted(fields)


@pytest.mark.parametrize("mark", [Mark.CROSS, Mark.BLACKENED])
@pytest.mark.parametrize("way", ["grey", "low contrast", "black and white"])
def test_pale_pencil_is_a_tick_or_for_a_person(mark: Mark, way: str, readers: Ticks) -> None:
    fields = marked("S3110", mark, 6, readers, pen=PENCIL, way=way)
    assert "false" not in accepted(fields)


def test_an_answer_says_how_sure_it_is_and_a_doubtful_one_has_no_value(readers: Ticks) -> None:
    for field in marked("S3110", Mark.STRUCK, 7, readers):
        assert 0.0 <= field.confidence <= 1.0
        assert field.value in (None, "true", "false")
        assert field.raw == ""
    assert any(field.value is None for field in marked("S3110", Mark.STRUCK, 7, readers))
