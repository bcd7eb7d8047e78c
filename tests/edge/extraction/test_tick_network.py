"""What the tick network is shown, and that the network is the one the code expects."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.classification.registration import Registration
from edge.enrolment import blanks
from edge.errors import PackInvalid
from edge.extraction import tick_blank
from edge.extraction import ticks as extraction_ticks
from edge.inference.readers import TickNetwork
from edge.ocr.engine import Gray, Patch
from models.training.drawing import forms
from vaguemestre import pack
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition

SPEC = FieldSpec(
    "a", FieldKind.TICK, box_mm=BoxMm(50.0, 40.0, 4.0, 4.0), print_mm=(BoxMm(55.0, 41.0, 2.0, 2.0),)
)
OTHER = BoxMm(44.0, 40.0, 2.0, 4.0)


def printing_number(seen: Sequence[Gray], blanks: Sequence[Sequence[Gray]]) -> int | None:
    found = tick_blank.printing(seen, blanks)
    return None if found is None else found.number


def page(px_per_mm: float, darkness: int = 200) -> tuple[Gray, Registration]:
    """A sheet of 100 × 80 mm with a filled box where the tick stands."""
    image = np.full((round(80 * px_per_mm), round(100 * px_per_mm)), 250, np.uint8)
    corner, end = ((round(x * px_per_mm), round(y * px_per_mm)) for x, y in ((50, 40), (54, 44)))
    cv2.rectangle(image, corner, (end[0] - 1, end[1] - 1), 250 - darkness, -1)
    return image, Registration(np.array([[px_per_mm, 0.0, 0.0], [0.0, px_per_mm, 0.0]]))


def patch_of(image: Gray, where: Registration, spec: FieldSpec, others: tuple[BoxMm, ...]) -> Patch:
    """The window of a page's only tick."""
    (made,) = extraction_ticks.patches(image, where, [spec], others)
    return made


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_the_box_is_in_the_middle_at_one_scale_whatever_the_scans(dpi: int) -> None:
    patch = patch_of(*page(dpi / 25.4), SPEC, (OTHER,))
    assert (
        patch.picture.shape
        == patch.plan.shape
        == (extraction_ticks.HIGH_PX, extraction_ticks.WIDE_PX)
    )
    dark = np.argwhere(patch.picture < 150)
    assert dark.min(axis=0) == pytest.approx([22, 30], abs=1)
    assert dark.max(axis=0) == pytest.approx([41, 49], abs=1)


def test_the_plan_tells_box_print_and_other_fields() -> None:
    plan = extraction_ticks.plan((BoxMm(50.0, 40.0, 4.0, 4.0),), SPEC.print_mm, (OTHER,))
    values = [plan[32, 40], plan[32, 57], plan[32, 5], plan[5, 5]]
    assert len(set(values)) == 4
    assert (plan == plan[32, 40]).sum() == 20 * 20
    assert extraction_ticks.plan((BoxMm(50.0, 40.0, 4.0, 4.0),), (), ())[32, 57] == values[3]


def test_a_window_that_leaves_the_sheet_is_paper_there() -> None:
    corner = FieldSpec("a", FieldKind.TICK, box_mm=BoxMm(0.5, 0.5, 4.0, 4.0))
    patch = patch_of(*page(8.0), corner, ())
    assert patch.picture.min() >= 245


def test_a_pale_stroke_stands_out_against_the_boxs_own_paper() -> None:
    pale = extraction_ticks.tensor([patch_of(*page(8.0, darkness=12), SPEC, ())])[0]
    none = extraction_ticks.tensor([patch_of(*page(8.0, darkness=0), SPEC, ())])[0]
    assert np.abs(pale[0] - none[0]).max() < 0.06
    assert np.abs(pale[1] - none[1]).max() > 0.15


def test_where_else_is_written_is_told_of_combs_and_boxes() -> None:
    comb = FieldSpec("c", FieldKind.DATE, cells_mm=(BoxMm(1, 2, 3, 4), BoxMm(4, 2, 3, 4)))
    found = extraction_ticks.written_in(FormDefinition("a", "a", fields=(SPEC, comb)))
    assert found == (BoxMm(50.0, 40.0, 4.0, 4.0), BoxMm(1, 2, 6, 4))


def beside(darkness: int, *, printed_too: bool = False, is_known: bool = True) -> Patch:
    """A framed box and a stroke of 0.6 × 3 mm beside it, which the blank has itself or has not."""
    blank = np.full((640, 800), 250, np.uint8)
    cv2.rectangle(blank, (400, 320), (432, 352), 90, 2)
    image = blank.copy()
    image[324:348, 444:449] = 250 - darkness
    where = Registration(np.array([[8.0, 0.0, 0.0], [0.0, 8.0, 0.0]]))
    boxes = (BoxMm(50.0, 40.0, 4.0, 4.0),)
    steps = blanks.shown(image if printed_too else blank, where, boxes)
    known = (tick_blank.packed(steps),) if is_known else ()
    spec = FieldSpec("a", FieldKind.TICK, box_mm=boxes[0], blanks=known)
    return patch_of(image, where, spec, ())


def test_ink_near_a_box_that_the_blank_has_not_is_measured() -> None:
    assert extraction_ticks.unexplained_mm2(beside(60)) > 1.2
    assert extraction_ticks.unexplained_mm2(beside(0)) == 0.0


def test_what_the_blank_has_itself_is_explained_and_an_unmeasured_form_tells_nothing() -> None:
    assert extraction_ticks.unexplained_mm2(beside(120, printed_too=True)) == 0.0
    assert extraction_ticks.unexplained_mm2(beside(120, is_known=False)) == 0.0


def test_the_window_is_moved_onto_the_blank_and_shown_beside_it() -> None:
    image = np.full((640, 800), 250, np.uint8)
    cv2.rectangle(image, (400, 320), (432, 352), 90, 2)
    exact, off = (
        Registration(np.array([[8.0, 0.0, x], [0.0, 8.0, y]])) for x, y in ((0.0, 0.0), (4.8, -3.2))
    )
    spec = FieldSpec("a", FieldKind.TICK, box_mm=BoxMm(50.0, 40.0, 4.0, 4.0))
    clean = patch_of(image, exact, spec, ())
    steps = tick_blank.measured(clean.picture)
    known = dataclasses.replace(spec, blanks=(tick_blank.packed(steps),))
    moved = patch_of(image, off, known, ())
    assert moved.blank is not None
    assert np.abs(moved.picture.astype(int) - clean.picture).max() <= 2
    shown, hidden = extraction_ticks.tensor([moved, clean])
    assert shown[3].max() > 0.5
    assert np.unique(hidden[3]).tolist() == [-0.5]
    assert np.array_equal(shown, extraction_ticks.tensor([moved])[0])


def test_a_plan_is_drawn_once_for_all_pages() -> None:
    first = patch_of(*page(8.0), SPEC, (OTHER,))
    assert patch_of(*page(8.0, 10), SPEC, (OTHER,)).plan is first.plan
    assert patch_of(*page(8.0), SPEC, ()).plan is not first.plan


def drawn(kind: str) -> tuple[FormDefinition, Gray, Registration]:
    """One of our forms, its blank sheet, and where it lies on it."""
    form = pack.load(pack.default_dir()).forms[kind]
    sheet = forms.blank(form, 200)
    px = sheet.shape[1] / form.width_mm
    return form, sheet, Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]))


def other_printing(sheet: Gray) -> Gray:
    """The same boxes with other print around them: turned upside down, sheet and words."""
    return np.ascontiguousarray(sheet[::-1, ::-1])


def ticks_of(form: FormDefinition) -> list[FieldSpec]:
    return [spec for spec in form.fields if spec.kind is FieldKind.TICK]


@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_nothing_near_the_boxes_of_a_measured_blank_is_unexplained(kind: str) -> None:
    form, sheet, where = drawn(kind)
    form = blanks.with_blanks(form, blanks.measured(form, [(sheet, where)]))
    ticks = ticks_of(form)
    assert len(ticks) >= 8
    patches = extraction_ticks.patches(sheet, where, ticks, extraction_ticks.written_in(form))
    for spec, patch in zip(ticks, patches, strict=True):
        assert patch.blank is not None, spec.name
        assert extraction_ticks.unexplained_mm2(patch) <= 0.08, spec.name


@pytest.mark.parametrize("kind", ["S3110", "S3501"])
def test_all_ticks_of_a_page_say_together_which_printing_it_is(kind: str) -> None:
    form, sheet, where = drawn(kind)
    shown = [extraction_ticks.boxes_of(spec) for spec in ticks_of(form)]
    other = other_printing(sheet)
    seen = [extraction_ticks.wider(sheet, where, boxes) for boxes in shown]
    own = [blanks.shown(sheet, where, boxes) for boxes in shown]
    turned = [blanks.shown(other, where, boxes) for boxes in shown]
    assert printing_number(seen, list(zip(own, turned, strict=True))) == 0
    assert printing_number(seen, list(zip(turned, own, strict=True))) == 1
    assert printing_number(seen, [(steps,) for steps in turned]) is None
    assert printing_number(seen, [() for _ in seen]) is None
    assert printing_number([], []) is None


def test_a_number_printed_in_a_box_is_known() -> None:
    parts = (BoxMm(50.0, 40.0, 1.2, 4.0), BoxMm(52.8, 40.0, 1.2, 4.0))
    numbered = FieldSpec("a", FieldKind.TICK, box_mm=parts[0], boxes_mm=parts[1:])
    image, where = page(8.0)
    assert extraction_ticks.is_numbered(patch_of(image, where, numbered, ()))
    assert not extraction_ticks.is_numbered(patch_of(image, where, SPEC, ()))


@pytest.fixture(scope="module")
def network() -> TickNetwork:
    return TickNetwork.load(pack.default_dir() / "onnx", 1)


def test_answers_come_in_the_order_of_the_boxes_and_are_chances(network: TickNetwork) -> None:
    patches: list[Patch] = [
        patch_of(*page(8.0, darkness), SPEC, ()) for darkness in (0, 60, 120, 200)
    ]
    together = network.judge(patches[::-1])[::-1]
    for one, patch in zip(together, patches, strict=True):
        (alone,) = network.judge([patch])
        assert one.ticked == pytest.approx(alone.ticked, abs=1e-4)
        assert one.empty + one.ticked + one.doubtful == pytest.approx(1.0, abs=1e-4)
    assert network.judge([]) == []


def test_another_network_in_its_place_is_refused(tmp_path: Path) -> None:
    manifest = (pack.default_dir() / "onnx" / "manifest.toml").read_text("utf-8")
    swapped = manifest.replace(
        'labels = ["empty", "ticked", "doubtful"]', 'labels = ["a", "b", "c"]'
    )
    (tmp_path / "manifest.toml").write_text(swapped, "utf-8")
    (tmp_path / "ticks.onnx").write_bytes((pack.default_dir() / "onnx" / "ticks.onnx").read_bytes())
    with pytest.raises(PackInvalid, match="labels"):
        TickNetwork.load(tmp_path, 1)
