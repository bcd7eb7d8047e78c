"""Keys reject what they promise to reject, and no reading raises."""

import datetime as dt
import random

from hypothesis import given
from hypothesis import strategies as st

from models.training.drawing import people
from vaguemestre.model.document import Check
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck
from vaguemestre.model.values import check_read

TODAY = dt.date(2026, 3, 20)
NIR = FieldSpec("nir", FieldKind.NIR)
RPPS = FieldSpec("practitioner_id", FieldKind.DIGITS, check=NumberCheck.RPPS)
DATE = FieldSpec("date", FieldKind.DATE)


@given(st.randoms(use_true_random=False), st.integers(0, 14), st.integers(1, 9))
def test_a_nir_with_any_one_digit_changed_is_rejected(
    rng: random.Random, place: int, step: int
) -> None:
    good = people.person(rng).nir
    if not good[place].isdigit():
        place = 14
    changed = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
    assert check_read(NIR, good, TODAY).check is Check.OK
    assert check_read(NIR, changed, TODAY).check is Check.FAILED


@given(st.randoms(use_true_random=False), st.integers(0, 10), st.integers(1, 9))
def test_an_rpps_with_any_one_digit_changed_is_rejected(
    rng: random.Random, place: int, step: int
) -> None:
    good = people.with_luhn(rng, 11, "10")
    changed = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
    assert check_read(RPPS, good, TODAY).check is Check.OK
    assert check_read(RPPS, changed, TODAY).check is Check.FAILED


@given(st.dates(dt.date(1890, 1, 1), TODAY))
def test_every_possible_day_is_read(day: dt.date) -> None:
    assert check_read(DATE, f"{day:%d%m%Y}", TODAY).value == day.isoformat()


@given(
    st.sampled_from(FieldKind),
    st.sampled_from(NumberCheck),
    st.text(max_size=40) | st.text("0123456789AB/., ", max_size=20),
    st.integers(0, 2),
)
def test_any_reading_gets_an_answer_and_a_failed_one_no_value(
    kind: FieldKind, check: NumberCheck, raw: str, decimals: int
) -> None:
    found = check_read(FieldSpec("x", kind, check=check, decimals=decimals), raw, TODAY)
    assert found.check is not Check.REPAIRED
    if found.check is Check.FAILED:
        assert found.value is None
