"""How long an account rests after wrong passwords or codes in a row."""

from dataclasses import dataclass

_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """How patiently guesses are met."""

    after: int
    first_s: float
    longest_s: float


def pause_after(policy: LockPolicy, failures: int) -> float:
    """Seconds that an account rests after so many failures in a row; 0: it does not."""
    beyond = failures - policy.after
    if beyond < 0:
        return 0.0
    return min(policy.first_s * 2.0 ** min(beyond, _MOST_DOUBLINGS), policy.longest_s)
