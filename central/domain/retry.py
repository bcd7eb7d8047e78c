"""When to try a delivery again, and when to stop trying."""

from dataclasses import dataclass

_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patiently a destination is treated; delays in seconds."""

    give_up_after: int
    first_delay_s: float
    longest_delay_s: float


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try again after ``delay_s`` seconds."""

    delay_s: float


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
    asked_delay_s: float = 0.0,
) -> TryAgain | DeadLetter:
    """Choose between trying again and giving up.

    Args:
        policy: How patiently this application is treated.
        attempts: Tries made so far, including the one that just failed.
        permanent: The target said that trying again cannot help.
        jitter: A number in [0, 1); the caller draws it, so tests can fix it.
        asked_delay_s: What the target asked to wait (Retry-After), capped by the policy.
    """
    if permanent:
        return DeadLetter("refus définitif")
    if attempts >= policy.give_up_after:
        return DeadLetter(f"abandon après {attempts} essais")
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    ceiling = min(policy.first_delay_s * 2**doublings, policy.longest_delay_s)
    return TryAgain(max(ceiling * (0.5 + jitter / 2), min(asked_delay_s, policy.longest_delay_s)))
