"""The box around all lines of a field, from the box of its first."""

from central.keying.rules import enclosing_box
from tests.support.keyers import PLAN
from vaguemestre.model.forms import FieldKind, FieldSpec

_PAGE = (210.0, 297.0)


def _spec(code: str, name: str) -> FieldSpec:
    return next(f for f in PLAN.of(code).fields if f.name == name)


def test_the_lines_of_a_measured_form_lie_as_on_its_blank_however_the_page_lies() -> None:
    spec = _spec("S3704", "address")
    assert spec.box_mm is not None
    assert len(spec.further_lines_mm) == 2
    left, top, width, height = enclosing_box(
        spec, (57.7, 100.5, 144.6, 4.4), _PAGE
    )  # 2 right, 3 up
    assert (left, top, round(width, 3)) == (57.7, 100.5, 144.6)
    last = spec.further_lines_mm[-1]
    assert round(top + height, 3) == round(last[1] + last[3] - 3.0, 3)


def test_an_address_that_nobody_measured_goes_on_below_its_first_line() -> None:
    spec = _spec("S1104", "address")
    assert enclosing_box(spec, (85.0, 45.0, 60.0, 5.0), _PAGE) == (85.0, 45.0, 95.0, 24.0)
    assert enclosing_box(spec, (85.0, 45.0, 120.0, 30.0), _PAGE) == (85.0, 45.0, 120.0, 30.0)


def test_no_box_leaves_its_page() -> None:
    spec = _spec("S1104", "address")
    left, top, width, height = enclosing_box(spec, (150.0, 290.0, 40.0, 5.0), _PAGE)
    assert (left + width, top + height) == _PAGE
    assert enclosing_box(spec, (220.0, 10.0, 5.0, 5.0), _PAGE)[2] > 0  # outside, as it was told


def test_ticks_have_other_places_and_no_other_lines() -> None:
    for entry in PLAN.types.values():
        for spec in entry.fields:
            assert (
                spec.kind not in (FieldKind.TICK, FieldKind.SIGNATURE) or not spec.further_lines_mm
            )
