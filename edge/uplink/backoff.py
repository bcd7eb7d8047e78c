"""How long to wait before the centre is tried again; pure."""


def delay_s(attempts: int, first_s: float, longest_s: float, jitter: float) -> float:
    """Grow from ``first_s`` to ``longest_s``, half of it by chance.

    Args:
        attempts: Failures in a row, at least 1.
        first_s: Ceiling after the first failure.
        longest_s: Ceiling that is never passed.
        jitter: A number in [0, 1): stations that lost the same centre come back one by one.
    """
    ceiling = min(first_s * 2 ** min(attempts - 1, 32), longest_s)
    return float(ceiling * (0.5 + jitter / 2))
