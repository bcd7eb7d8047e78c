"""When to try a delivery again, and when to stop trying."""

from dataclasses import dataclass

_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patiently a destination is treated; delays in seconds."""

    give_up_after: int
    first_delay: float
    longest_delay: float


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try again after ``delay`` seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Stop trying; a person decides. ``reason`` is French."""

    reason: str


def decide(
    policy: RetryPolicy,
    *,
    attempts: int,
    permanent: bool,
    jitter: float,
    asked_delay: float = 0.0,
) -> TryAgain | DeadLetter:
    """Choose between trying again and giving up.

    Args:
        policy: How patiently this application is treated.
        attempts: Tries made so far, including the one that just failed.
        permanent: The target said that trying again cannot help.
        jitter: A number in [0, 1); the caller draws it, so tests can fix it.
        asked_delay: Seconds that the target asked to wait (Retry-After), capped by the policy.
    """
    if permanent:
        return DeadLetter("refusé par l'application")
    if attempts >= policy.give_up_after:
        return DeadLetter(f"abandonné après {attempts} essais")
    exponent = min(attempts - 1, _MOST_DOUBLINGS)
    ceiling = min(policy.first_delay * 2**exponent, policy.longest_delay)
    return TryAgain(max(ceiling * (0.5 + jitter / 2), min(asked_delay, policy.longest_delay)))
