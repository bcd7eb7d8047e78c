"""Retry: patient, never beyond the policy, and never for ever."""

from hypothesis import given
from hypothesis import strategies as st

from central.delivery.rules import DeadLetter, RetryPolicy, TryAgain, next_attempt

_jitters = st.floats(0, 1, exclude_max=True)
_policies = st.builds(
    lambda give_up, first, factor: RetryPolicy(give_up, first, first * factor),
    st.integers(1, 100),
    st.floats(0.001, 1_000),
    st.floats(1, 1_000),
)


@given(_policies, st.integers(1, 10_000), _jitters, st.floats(0, 1e9))
def test_a_delay_is_never_longer_than_the_policy_allows(
    policy: RetryPolicy, attempts: int, jitter: float, asked: float
) -> None:
    decision = next_attempt(
        policy, attempts=attempts, permanent=False, jitter=jitter, asked_delay_s=asked
    )
    if isinstance(decision, TryAgain):
        assert 0 < decision.delay_s <= policy.longest_delay_s


@given(_policies, st.integers(1, 10_000), _jitters)
def test_it_gives_up_exactly_after_the_number_of_attempts_that_the_policy_names(
    policy: RetryPolicy, attempts: int, jitter: float
) -> None:
    decision = next_attempt(policy, attempts=attempts, permanent=False, jitter=jitter)
    assert isinstance(decision, DeadLetter) == (attempts >= policy.give_up_after)


@given(_policies, st.integers(1, 10_000), _jitters)
def test_a_permanent_refusal_is_never_tried_again(
    policy: RetryPolicy, attempts: int, jitter: float
) -> None:
    assert isinstance(
        next_attempt(policy, attempts=attempts, permanent=True, jitter=jitter), DeadLetter
    )


@given(_policies, st.integers(1, 98), _jitters)
def test_with_the_same_jitter_delays_never_shrink(
    policy: RetryPolicy, attempts: int, jitter: float
) -> None:
    sooner = next_attempt(policy, attempts=attempts, permanent=False, jitter=jitter)
    later = next_attempt(policy, attempts=attempts + 1, permanent=False, jitter=jitter)
    if isinstance(sooner, TryAgain) and isinstance(later, TryAgain):
        assert sooner.delay_s <= later.delay_s


@given(_jitters, st.floats(0.001, 100))
def test_what_the_application_asks_for_is_waited(jitter: float, asked: float) -> None:
    policy = RetryPolicy(give_up_after=5, first_delay_s=0.001, longest_delay_s=100)
    decision = next_attempt(policy, attempts=1, permanent=False, jitter=jitter, asked_delay_s=asked)
    assert isinstance(decision, TryAgain)
    assert decision.delay_s >= asked


def test_jitter_spreads_the_delays_between_half_and_the_whole() -> None:
    policy = RetryPolicy(give_up_after=9, first_delay_s=8, longest_delay_s=900)
    assert next_attempt(policy, attempts=1, permanent=False, jitter=0.0) == TryAgain(4.0)
    assert next_attempt(policy, attempts=2, permanent=False, jitter=0.5) == TryAgain(12.0)
