"""From a line network's steps to text: the best path, how sure each letter is, what else it is."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.reading.readers import Alphabet, LineReading

_ALTERNATIVES = 4
_FAINT = 0.005  # what may stand in a gap with less than this lowers no letter
# Where only these can stand, what looks the same in most type is they.
_LOOK_ALIKE = {"0": "Oo", "1": "Il|", **{letter: letter.lower() for letter in "CKPSUVWXZ"}}


class Decoder:
    """Decodes steps × outputs.

    Args:
        characters: Of the outputs after the first, which is the CTC blank.
        hears_gaps: A letter is doubtful too when another may stand unread beside it.
    """

    def __init__(self, characters: str, *, hears_gaps: bool = False) -> None:
        self._characters = np.array(["", *characters])
        self._hears_gaps = hears_gaps
        self._allowed = {alphabet: self._columns(alphabet) for alphabet in Alphabet}
        self._folded = {alphabet: self._alike(alphabet) for alphabet in Alphabet}

    def decode(
        self, scores: NDArray[np.float32], alphabet: Alphabet, *, ranked: bool = True
    ) -> LineReading:
        """Follow the best path; a character's alternatives are those of its strongest step.

        Args:
            scores: Steps × outputs, each step's probabilities.
            alphabet: Which characters the answer may hold.
            ranked: Whether alternatives are wanted.
        """
        scores = scores.copy()
        for digit, letters in self._folded[alphabet]:
            scores[:, digit] += scores[:, letters].sum(axis=1)
        columns = self._allowed[alphabet]
        kept = scores[:, columns]
        kept = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-9)
        best = kept.argmax(axis=1)
        edges = [int(i) for i in np.flatnonzero(np.diff(best, prepend=-1, append=-1))]
        runs = [(a, b) for a, b in itertools.pairwise(edges) if best[a] != 0]
        if not runs:
            return LineReading("", 0.0)
        peaks = np.array([a + int(kept[a:b, best[a]].argmax()) for a, b in runs])
        told = columns[best[peaks]]
        text = self._characters[told]
        # The unmasked probability: a letter read with digits alone is not a sure digit.
        confidences = np.minimum(1.0, scores[peaks, told]).tolist()
        alternatives = self._ranked(kept[peaks], columns) if ranked else ()
        if self._hears_gaps:
            confidences = _with_gaps(kept, best, runs, confidences)
        return LineReading(
            "".join(text), float(np.mean(confidences)), tuple(confidences), alternatives
        )

    def _ranked(
        self, likely: NDArray[np.float32], columns: NDArray[np.intp]
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        """Of each strongest step its likeliest characters, the blank aside."""
        likely[:, 0] = -1.0
        order = np.argsort(-likely, axis=1)[:, :_ALTERNATIVES]
        chances = np.take_along_axis(likely, order, axis=1).tolist()
        names = self._characters[columns[order]].tolist()
        return tuple(
            tuple((char, chance) for char, chance in zip(*row, strict=True) if chance >= 0.0)
            for row in zip(names, chances, strict=True)
        )

    def _columns(self, alphabet: Alphabet) -> NDArray[np.intp]:
        if alphabet is Alphabet.TEXT:
            return np.arange(len(self._characters))
        allowed = set(alphabet.value)
        return np.array(
            [0, *(i for i, char in enumerate(self._characters) if i and char in allowed)]
        )

    def _alike(self, alphabet: Alphabet) -> list[tuple[int, list[int]]]:
        """Columns of characters, and those of others that have the same shape in most type."""
        if alphabet is Alphabet.TEXT:
            return []
        where = {str(char): i for i, char in enumerate(self._characters) if i}
        return [
            (where[digit], [where[c] for c in letters if c in where and c not in alphabet.value])
            for digit, letters in _LOOK_ALIKE.items()
            if digit in alphabet.value and digit in where
        ]


def _with_gaps(
    kept: NDArray[np.float32],
    best: NDArray[np.intp],
    runs: Sequence[tuple[int, int]],
    confidences: Sequence[float],
) -> list[float]:
    """Lower both neighbours of a gap by what else may stand in it; their own fading aside."""
    lowered = list(confidences)
    others = kept[:, 1:].max(axis=1)
    for left in range(-1, len(runs)):
        right = left + 1
        start = runs[left][1] if left >= 0 else 0
        stop = runs[right][0] if right < len(runs) else len(best)
        if start >= stop or others[start:stop].max() < _FAINT:
            continue
        gap = kept[start:stop].copy()
        gap[:, 0] = 0.0
        for side in (left, right):
            if 0 <= side < len(runs):
                gap[:, best[runs[side][0]]] = 0.0
        doubt = float(gap.max())
        for side in (left, right):
            if 0 <= side < len(runs):
                lowered[side] = min(lowered[side], 1.0 - doubt)
    return lowered
