"""What is drawn for the blind control: a fair share of all, and all of what is new."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from central.quality.rules import (
    ControlCause,
    SamplingContext,
    SamplingPolicy,
    document_fraction,
    draw_for_control,
)

_OLD = SamplingContext(form_age_s=1e9, site_age_s=1e9, drawn_today=0)
_IDS = st.uuids()


@given(_IDS, st.floats(0, 1))
def test_the_share_of_all_is_the_same_documents_whatever_happens(
    document_id: uuid.UUID, share: float
) -> None:
    policy = SamplingPolicy(share=share, most_a_day=10)
    drawn = draw_for_control(document_id, policy, _OLD) is ControlCause.SAMPLE
    assert drawn == (document_fraction(document_id) < share)
    new = SamplingContext(form_age_s=0, site_age_s=0, drawn_today=10)
    assert (draw_for_control(document_id, policy, new) is ControlCause.SAMPLE) == drawn


@given(_IDS, st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_larger_share_keeps_what_a_smaller_one_drew(
    document_id: uuid.UUID, share: float, more: float
) -> None:
    if draw_for_control(document_id, SamplingPolicy(share=share), _OLD):
        assert draw_for_control(document_id, SamplingPolicy(share=share + more), _OLD)


@given(_IDS, st.integers(0, 5), st.floats(0, 30 * 86_400), st.floats(0, 30 * 86_400))
def test_everything_new_is_drawn_until_the_day_is_full(
    document_id: uuid.UUID, drawn_today: int, form_age_s: float, site_age_s: float
) -> None:
    policy = SamplingPolicy(share=0.0, most_a_day=3)
    around = SamplingContext(form_age_s, site_age_s, drawn_today)
    is_new = form_age_s < policy.new_form_s or site_age_s < policy.first_week_s
    cause = draw_for_control(document_id, policy, around)
    assert (cause is not None) == (is_new and drawn_today < 3)
    if cause is not None:
        assert (cause is ControlCause.NEW_FORM) == (form_age_s < policy.new_form_s)


def test_ids_of_one_morning_are_drawn_as_often_as_all_others() -> None:
    """UUIDv7 of consecutive moments differ in few bits; the hash spreads them all the same."""
    start = 0x0192_0000_0000_7000_8000_0000_0000_0000
    ids = [uuid.UUID(int=start + (i << 80) + i * 7919) for i in range(40_000)]
    drawn = sum(document_fraction(one) < 0.01 for one in ids)
    assert 320 < drawn < 480  # 400 expected, four standard deviations
