"""Let a check key choose among a reader's best few characters.

The most likely string that satisfies the check is taken when it is clearly likelier than the
next one. What the key chose it cannot also confirm: such a value is *repaired*, and accepting
it needs evidence from elsewhere.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence

Alternatives = Sequence[Sequence[tuple[str, float]]]

_MOST_CHANGES = 2
_LEAST_MARGIN = math.log(4.0)  # the next valid string must be this much less likely
_LEAST_LIKELY = 0.01  # an alternative below this probability is noise


def choose(alternatives: Alternatives, is_valid: Callable[[str], bool]) -> str | None:
    """Return the repaired string, or None when no valid one stands out.

    Args:
        alternatives: For each character its best few with their probabilities, best first.
        is_valid: The check.
    """
    best = "".join(ranked[0][0] for ranked in alternatives)
    candidates = [(cost, text) for cost, text in _variants(best, alternatives) if is_valid(text)]
    if not candidates:
        return None
    ranked = heapq.nsmallest(2, candidates)
    if len(ranked) == 2 and ranked[1][0] - ranked[0][0] < _LEAST_MARGIN:
        return None
    return ranked[0][1]


def _variants(best: str, alternatives: Alternatives) -> list[tuple[float, str]]:
    """All strings that differ in one or two characters, with their cost in log-likelihood."""
    changes = [
        (position, char, math.log(ranked[0][1]) - math.log(chance))
        for position, ranked in enumerate(alternatives)
        for char, chance in ranked[1:]
        if chance >= _LEAST_LIKELY
    ]
    found = []
    for size in range(1, _MOST_CHANGES + 1):
        for chosen in itertools.combinations(changes, size):
            if len({position for position, _, _ in chosen}) < size:
                continue
            text = list(best)
            for position, char, _ in chosen:
                text[position] = char
            found.append((sum(cost for _, _, cost in chosen), "".join(text)))
    return found
