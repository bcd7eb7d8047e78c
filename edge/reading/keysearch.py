"""The likeliest string that satisfies a key, exactly, from the best few of each character.

A walk over the key's states from left to right keeps, for each, the two likeliest ways to it and
the probability of all ways: no valid string is missed, and how likely the winner is among all
valid ones comes out too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.reading.keys import Key, State

Alternatives = Sequence[Sequence[tuple[str, float]]]

_LEAST_LIKELY = 2e-3  # an alternative below this probability is noise
_MOST = 4  # alternatives a character


@dataclass(frozen=True, slots=True)
class Found:
    """The likeliest valid string.

    ``share`` is its probability among all valid strings; ``margin`` how many times likelier it is
    than the next valid one (infinite when there is none); ``is_best`` whether it is the reader's
    likeliest string anyway, so that the key confirms and does not choose.
    """

    text: str
    share: float
    margin: float
    is_best: bool


@dataclass(slots=True)
class _Ways:
    """Ways to one state: the two best, and the probability of all."""

    best: tuple[float, str]
    second: tuple[float, str] | None
    total: float

    def add(self, chance: float, text: str) -> None:
        """Let one way in among the two best."""
        if chance > self.best[0]:
            self.best, self.second = (chance, text), self.best
        elif self.second is None or chance > self.second[0]:
            self.second = (chance, text)


def search(alternatives: Alternatives, key: Key) -> Found | None:
    """Find the likeliest string that satisfies the key.

    Args:
        alternatives: For each character its best few with their probabilities, best first.
        key: For strings of this length.

    Returns:
        None when no string of these characters satisfies it.
    """
    ways: dict[State, _Ways] = {key.start: _Ways((1.0, ""), None, 1.0)}
    for place, ranked in enumerate(alternatives):
        ways = _stepped(ways, place, likely(ranked), key)
    ended = [found for state, found in ways.items() if key.ends(state)]
    if not ended:
        return None
    both = sorted(
        (way for found in ended for way in (found.best, found.second) if way is not None),
        reverse=True,
    )
    (chance, text), *others = both[:2]
    total = sum(found.total for found in ended)
    return Found(
        text,
        min(1.0, chance / total) if total > 0 else 0.0,
        chance / others[0][0] if others and others[0][0] > 0 else math.inf,
        text == "".join(ranked[0][0] for ranked in alternatives),
    )


def likely(ranked: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    """The alternatives that a search looks at; never none of them."""
    return [
        (char, max(chance, 1e-12))
        for i, (char, chance) in enumerate(ranked[:_MOST])
        if i == 0 or chance >= _LEAST_LIKELY
    ]


def _stepped(
    ways: dict[State, _Ways], place: int, ranked: Sequence[tuple[str, float]], key: Key
) -> dict[State, _Ways]:
    after: dict[State, _Ways] = {}
    for state, found in ways.items():
        for char, chance in ranked:
            following = key.step(state, place, char)
            if following is None:
                continue
            best = (found.best[0] * chance, found.best[1] + char)
            there = after.get(following)
            if there is None:
                there = after[following] = _Ways(best, None, 0.0)
            else:
                there.add(*best)
            if found.second is not None:
                there.add(found.second[0] * chance, found.second[1] + char)
            there.total += found.total * chance
    return after
