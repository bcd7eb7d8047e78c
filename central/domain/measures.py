"""Error rates with what is known of them, and the doubt that would have kept errors back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_Z_95 = 1.959963984540054
_MARGIN = 0.9  # of the doubt of the surest value that was wrong, as models/training keeps it
_FINEST = 10_000  # steps of a doubt in a form


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many were wrong, and between what bounds the true share lies (95 %)."""

    wrong: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.wrong / self.total if self.total else 0.0


def rate(wrong: int, total: int, z: float = _Z_95) -> Rate:
    """An error rate with Wilson's bounds, which hold for few values and for few errors.

    Raises:
        ValueError: more were wrong than there were.
    """
    if not 0 <= wrong <= total:
        raise ValueError(f"{wrong} of {total}")
    if total == 0:
        return Rate(0, 0, 0.0, 1.0)
    share, spread = wrong / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    low = 0.0 if wrong == 0 else max(0.0, middle - half)
    high = 1.0 if wrong == total else min(1.0, middle + half)
    return Rate(wrong, total, low, high)


def accept_doubt(
    accepted: Mapping[float, int], wrong: Sequence[float], wanted: float
) -> float | None:
    """The doubt up to which values might go without a person and keep the wanted error rate.

    Args:
        accepted: How many values of one field had each doubt, the wrong ones among them.
        wrong: The doubts of those that were wrong.
        wanted: The error rate, as 0.001.

    Returns:
        None where the rate is kept already; else a doubt for ``accept_doubt`` of the form, 0
        where even the surest values were too often wrong.
    """
    doubts = sorted(wrong)
    if len(doubts) <= wanted * sum(accepted.values()):
        return None
    # Let as many of the surest wrong values pass as the rest allows, and stop short of the next.
    for passed in range(len(doubts) - 1, -1, -1):
        limit = math.floor(_MARGIN * max(0.0, doubts[passed]) * _FINEST) / _FINEST
        within = sum(count for doubt, count in accepted.items() if doubt <= limit)
        errors = sum(doubt <= limit for doubt in doubts)
        if within and errors <= wanted * within:
            return limit
    return 0.0
