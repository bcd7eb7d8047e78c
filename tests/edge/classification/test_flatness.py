"""One map is believed only where print stands in its place, all over the sheet."""

from collections.abc import Callable

import numpy as np
import pytest

from edge.classification import registration
from edge.classification.registration import Points, Registration
from vaguemestre import pack
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FormDefinition

FORMS = pack.load(pack.default_dir()).forms
MEASURED = ("S3110", "S3704", "S3501")
PX = 200 / 25.4
WHERE = Registration(np.array([[PX, 0.0, 12.0], [0.0, PX, -7.0]]))


def print_of(form: FormDefinition) -> Points:
    """Where the form's print stands, in its own millimetres."""
    return np.array([anchor.box_mm for anchor in form.fronts_with_boxes], np.float64)


def on_page(boxes: Points) -> Points:
    return np.asarray(boxes * PX + np.array([12.0, -7.0, 0.0, 0.0]), np.float64)


def slipped_down(boxes: Points) -> Points:
    return boxes + np.outer(boxes[:, 1] > 190, [0.0, -3.0, 0.0, 0.0])


def slipped_across(boxes: Points) -> Points:
    """Lines over the place where the sheet slipped are cut short by what was lost."""
    moved = boxes.copy()
    crossing = (boxes[:, 0] < 150) & (boxes[:, 0] + boxes[:, 2] > 150)
    moved[crossing, 2] -= 4.0
    moved[boxes[:, 0] >= 150, 0] -= 4.0
    return moved


def stretched(boxes: Points) -> Points:
    return boxes + np.column_stack([
        np.zeros(len(boxes)), 2.5 * np.sin(boxes[:, 1] / 60), np.zeros((len(boxes), 2)),
    ])  # fmt: skip


def bowed(boxes: Points) -> Points:
    middles = boxes[:, 0] + boxes[:, 2] / 2
    by = 3.0 * np.square(middles / 105 - 1)
    return boxes + np.column_stack([np.zeros(len(boxes)), by, np.zeros((len(boxes), 2))])


@pytest.mark.parametrize("name", MEASURED)
def test_a_flat_sheet_holds_its_map_with_much_of_its_print_unseen(name: str) -> None:
    form, rng = FORMS[name], np.random.default_rng(1)
    boxes = print_of(form) + rng.normal(0, 0.12, (len(form.fronts_with_boxes), 4))
    boxes[::3, 2] += rng.uniform(0, 1.4, len(boxes[::3]))  # writing beside them
    seen = boxes[rng.random(len(boxes)) < 0.8]

    found = registration.survey_print(on_page(seen), WHERE, form)

    assert found.is_all_over
    assert found.strayed == ()
    zones = [box for spec in form.fields for box in (spec.box_mm, *spec.cells_mm) if box]
    assert np.mean([found.holds(box) for box in zones]) > 0.95


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("move", [slipped_down, slipped_across, stretched, bowed])
def test_print_that_stands_elsewhere_is_told(name: str, move: Callable[[Points], Points]) -> None:
    form = FORMS[name]

    found = registration.survey_print(on_page(move(print_of(form))), WHERE, form)

    assert found.strayed or not found.is_all_over


def test_a_line_that_strayed_is_told_with_its_anchor_and_no_other() -> None:
    form = FORMS["S3704"]
    boxes = print_of(form)
    boxes[7, 1] += 2.5

    found = registration.survey_print(on_page(boxes), WHERE, form)

    assert found.strayed == ((form.fronts_with_boxes[7], 7),)


def test_print_of_which_no_quarter_may_be_unseen() -> None:
    form = FORMS["S3110"]
    boxes = print_of(form)
    rights = boxes[:, 0] + boxes[:, 2]
    without = boxes[rights < np.quantile(rights, 0.75)]

    assert not registration.survey_print(on_page(without), WHERE, form).is_all_over


def test_a_zone_beyond_all_print_that_holds_is_not_believed() -> None:
    form = FORMS["S3110"]
    boxes = print_of(form)
    found = registration.survey_print(on_page(boxes[boxes[:, 0] + boxes[:, 2] < 120]), WHERE, form)

    assert found.holds(BoxMm(60.0, 100.0, 30.0, 5.0))
    assert not found.holds(BoxMm(160.0, 100.0, 30.0, 5.0))


def test_a_page_without_lines_holds_nothing() -> None:
    found = registration.survey_print(np.zeros((0, 4)), WHERE, FORMS["S3110"])

    assert not found.is_all_over
    assert not found.holds(BoxMm(60.0, 100.0, 30.0, 5.0))
