"""A form is known by where its lines stand, and only where they stand so."""

import numpy as np
import pytest

from edge.classification import registration
from tests.support.form_lines import DPI, lines_of, quad
from vaguemestre import pack
from vaguemestre.model.document import BoxMm

FORMS = pack.load(pack.default_dir()).forms
MEASURED = ("S3110", "S3704", "S3501")


@pytest.mark.parametrize("name", MEASURED)
def test_a_form_is_found_where_it_lies_among_what_was_written_on_it(name: str) -> None:
    rng = np.random.default_rng(1)
    lines = lines_of(FORMS[name], shift=(6.0, -4.0), size=0.99)[::-1]
    lines = [line for line in lines if rng.random() < 0.7]
    lines += [
        quad(BoxMm(rng.uniform(0, 150), rng.uniform(0, 290), rng.uniform(5, 60), 3.0))
        for _ in range(60)
    ]
    lines = [lines[i] for i in rng.permutation(len(lines))]

    found = registration.match_layout(lines, DPI, FORMS)

    assert found is not None
    assert found.form.type == name
    assert found.is_all_over
    spot = found.where.to_px(BoxMm(100.0, 100.0, 10.0, 10.0))
    assert spot.left == pytest.approx((99.0 + 6.0) * DPI / 25.4, abs=2)
    assert spot.top == pytest.approx((99.0 - 4.0) * DPI / 25.4, abs=2)
    for anchor, line in found.matched:
        assert anchor.box_mm is not None
        assert lines[line] == quad(anchor.box_mm, (6.0, -4.0), 0.99)


@pytest.mark.parametrize("name", MEASURED)
def test_upside_down_far_off_or_a_third_of_it_is_none(name: str) -> None:
    form = FORMS[name]
    over = [
        quad(BoxMm(
            form.width_mm - box.left - box.width, form.height_mm - box.top - box.height,
            box.width, box.height,
        ))
        for box in (a.box_mm for a in form.fronts_with_boxes) if box
    ]  # fmt: skip

    assert registration.match_layout(over, DPI, FORMS) is None
    assert registration.match_layout(lines_of(form, shift=(40.0, 0.0)), DPI, FORMS) is None
    assert registration.match_layout(lines_of(form)[::3], DPI, FORMS) is None
    assert registration.match_layout([], DPI, FORMS) is None


def test_lines_anywhere_are_no_form() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        boxes = (
            BoxMm(rng.uniform(0, 180), rng.uniform(0, 290), rng.uniform(4, 90), 3.0)
            for _ in range(200)
        )
        assert registration.match_layout([quad(box) for box in boxes], DPI, FORMS) is None


def test_the_title_and_lines_from_all_over_are_asked() -> None:
    form = FORMS["S3110"]
    found = registration.match_layout(lines_of(form), DPI, FORMS)
    assert found is not None

    asked = [anchor for anchor, _ in found.to_ask()]

    assert form.title in {anchor.text for anchor in asked}
    assert len(asked) == len(set(asked)) <= 16
    tops = [anchor.box_mm.top for anchor in asked if anchor.box_mm]
    assert max(tops) - min(tops) > 0.6 * form.height_mm


@pytest.mark.parametrize("name", MEASURED)
def test_another_edition_whose_middle_moved_does_not_fit_all_over(name: str) -> None:
    form = FORMS[name]
    anchors = sorted(form.fronts_with_boxes, key=lambda a: a.box_mm[1] if a.box_mm else 0.0)
    third = len(anchors) // 3
    moved = [
        quad(a.box_mm, (0.0, 5.0 if third <= i < 2 * third else 0.0))
        for i, a in enumerate(anchors)
        if a.box_mm
    ]

    found = registration.match_layout(moved, DPI, FORMS)

    assert found is None or not found.is_all_over
