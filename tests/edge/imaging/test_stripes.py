"""A white stripe of the scanner is found on a form, however the sheet lay; no flat page has one."""

import random

import numpy as np
import pytest

from edge.imaging import cleaning
from edge.imaging.cleaning import quarter_turn
from edge.ocr.engine import Gray
from models.training.drawing import degrade, fill, forms, synthesise
from vaguemestre import pack

DPI = 200
PX = DPI / 25.4
FORMS = pack.load(pack.default_dir()).forms


def page(kind: str, seed: int) -> Gray:
    form, rng = FORMS[kind], random.Random(seed)
    font = fill.typefaces()["sans"]
    values = fill.plausible_values(form, rng)
    made = fill.fill(forms.blank(form, DPI), form, values, font=font, rng=rng)
    return degrade.scan(made, rng)


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize("kind", ["S3110", "S3704"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_page_without_a_stripe_has_none(kind: str, seed: int, *, bitonal: bool) -> None:
    gray = page(kind, seed)

    assert cleaning.find_stripes(degrade.bitonal(gray) if bitonal else gray, DPI) is None


def test_a_letter_has_none() -> None:
    assert cleaning.find_stripes(synthesise.draw("unknown", 3, DPI)[0], DPI) is None


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize("kind", ["S3110", "S3704"])
@pytest.mark.parametrize(("at_mm", "wide_mm"), [(35.0, 0.4), (60.0, 1.0), (150.0, 2.0)])
def test_a_stripe_through_a_form_is_found_where_it_is(
    at_mm: float, wide_mm: float, kind: str, *, bitonal: bool
) -> None:
    gray = page(kind, 1)
    left, right = round(at_mm * PX), round((at_mm + wide_mm) * PX)
    gray[:, left:right] = 250

    found = cleaning.find_stripes(degrade.bitonal(gray) if bitonal else gray, DPI)

    assert found is not None
    assert cleaning.cut(found, (left - 40, 500, 80, 40))
    assert not cleaning.cut(found, (left - 100, 500, 60, 40))


@pytest.mark.parametrize("rotation", [0, 180])
def test_it_is_turned_with_its_page(rotation: int) -> None:
    gray = page("S3110", 1)
    along = np.ascontiguousarray(quarter_turn(gray, rotation - rotation % 180))
    along[:, 400:408] = 250
    found = cleaning.find_stripes(along, DPI)
    assert found is not None

    laid = cleaning.laid(found, rotation, 0.8)

    upright = quarter_turn(cleaning.straighten(along, 0.8), rotation - rotation % 180)
    assert laid.shape == upright.shape
    assert (upright[laid < 40] > 225).mean() > 0.97
