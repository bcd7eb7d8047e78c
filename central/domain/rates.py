"""A bucket that fills steadily and is drawn from: how often somebody may ask."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute in the long run, and so many at once."""

    per_minute: float
    burst: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left to somebody, and when that was so."""

    left: float
    at: float


def draw(rate: Rate, bucket: Bucket | None, now: float) -> tuple[Bucket, float]:
    """Let one request in, or say how long to wait.

    Args:
        rate: What is allowed.
        bucket: What was left; None: nothing was drawn for long.
        now: Seconds of a clock that never goes back.

    Returns:
        What is left then, and the seconds to wait: 0 lets the request in.
    """
    a_second = rate.per_minute / 60.0
    left = rate.burst
    if bucket is not None:
        left = min(rate.burst, bucket.left + (now - bucket.at) * a_second)
    if left >= 1.0:
        return Bucket(left - 1.0, now), 0.0
    return Bucket(left, now), (1.0 - left) / a_second
