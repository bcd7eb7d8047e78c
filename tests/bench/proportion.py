"""A count out of a count, with what it can still mean."""

import math
from dataclasses import dataclass

_Z = 1.959964  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Proportion:
    """``right`` of ``total``."""

    right: int
    total: int

    @property
    def share(self) -> float:
        """As measured; 0 of nothing."""
        return self.right / self.total if self.total else 0.0

    def bounds(self) -> tuple[float, float]:
        """Wilson's 95 % interval, which stays honest near 0 and 1."""
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.share
        middle = p + _Z * _Z / (2 * n)
        spread = _Z * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        scale = 1 + _Z * _Z / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

    def __str__(self) -> str:
        low, high = self.bounds()
        return f"{self.right}/{self.total} = {self.share:.2%} [{low:.1%}–{high:.1%}]"
