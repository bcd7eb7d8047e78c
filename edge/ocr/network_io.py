"""What goes into the line and cell networks, and text from what comes out.

``line_tensor`` and ``normalise_cell`` scale a line or a comb's character to the networks' size and
contrast; training uses the same functions, so that what the networks learn on cannot drift from
what the station shows them. ``Decoder`` turns a line network's steps into text: the best path, how
sure each letter is, and what else it may be.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ocr.engine import Alphabet, Gray, LineReading

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
        columns = self._allowed[alphabet]
        kept = scores
        if alphabet is not Alphabet.TEXT:  # of which nothing is left out
            scores = scores.copy()
            for digit, letters in self._folded[alphabet]:
                scores[:, digit] += scores[:, letters].sum(axis=1)
            kept = scores[:, columns]
            kept = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-9)
        best = kept.argmax(axis=1)
        runs = _runs(best)
        if not len(runs):
            return LineReading("", 0.0)
        peaks = _peaks(kept, best, runs)
        told = columns[best[peaks]]
        # The unmasked probability: a letter read with digits alone is not a sure digit.
        confidences = np.minimum(1.0, scores[peaks, told])
        alternatives = self._ranked(kept[peaks], columns) if ranked else ()
        if self._hears_gaps:
            confidences = _with_gaps(kept, best, runs, confidences)
        return LineReading(
            "".join(self._characters[told].tolist()),
            float(confidences.mean()),
            tuple(confidences.tolist()),
            alternatives,
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


def _runs(best: NDArray[np.intp]) -> NDArray[np.intp]:
    """First step and the one after the last of each letter, n × 2."""
    edges = np.flatnonzero(best[1:] != best[:-1]) + 1
    starts, stops = np.concatenate([[0], edges]), np.concatenate([edges, [len(best)]])
    are_letters = best[starts] != 0
    return np.stack([starts[are_letters], stops[are_letters]], axis=1)


def _peaks(
    kept: NDArray[np.float32], best: NDArray[np.intp], runs: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The step of each letter where it is strongest, the first of equal ones."""
    # From each letter's first step to the next letter's: what lies between them is no letter.
    inside = np.where(best != 0, kept[np.arange(len(best)), best], np.float32(-1.0))
    first = runs[:, 0]
    highest = np.maximum.reduceat(inside, first)
    lengths = np.append(first[1:], len(best)) - first
    is_peak = inside[first[0] :] == np.repeat(highest, lengths)
    steps = np.where(is_peak, np.arange(first[0], len(best)), len(best))
    return np.asarray(np.minimum.reduceat(steps, first - first[0]), np.intp)


def _with_gaps(
    kept: NDArray[np.float32],
    best: NDArray[np.intp],
    runs: NDArray[np.intp],
    confidences: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Lower both neighbours of a gap by what else may stand in it; their own fading aside."""
    steps = np.flatnonzero((best == 0) & (kept[:, 0] <= 1.0 - _FAINT))
    if not len(steps):
        return confidences
    right = np.searchsorted(runs[:, 0], steps)
    # A letter before the first and after the last stands for the line's ends.
    around = np.concatenate([[0], best[runs[:, 0]], [0]])
    others = kept[steps]
    rows = np.arange(len(steps))
    others[rows, 0] = others[rows, around[right]] = others[rows, around[right + 1]] = 0.0
    doubt = others.max(axis=1)
    lowered = np.concatenate([[1.0], confidences, [1.0]])
    sure = np.where(doubt >= _FAINT, 1.0 - doubt, 1.0)
    np.minimum.at(lowered, right, sure)
    np.minimum.at(lowered, right + 1, sure)
    return np.asarray(lowered[1:-1], np.float32)


SIDE_PX = 28
_LONGEST_PX = 22
_MOST_SCALE = 1.1  # from the zone's 10 px a mm: what is smaller than 2 mm stays small, like dirt
_LEAST_DEPTH = 24.0  # of 255; ink paler than that is not made any darker


def normalise_cell(piece: Gray) -> NDArray[np.float32]:
    """Bring one piece to ``SIDE_PX`` × ``SIDE_PX``, 0 paper to 1 the piece's darkest.

    Args:
        piece: Grey ink on white at ``edge.extraction.ink.PX_PER_MM``, height × width.
    """
    made = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    if piece.size == 0:
        return made
    depth = 255.0 - piece.astype(np.float32)
    darkest = max(float(depth.max()), _LEAST_DEPTH)
    depth = np.minimum(depth / darkest, 1.0)
    is_ink = depth > 0.5
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not rows.size:
        return made
    top, bottom = max(0, int(rows[0]) - 1), int(rows[-1]) + 2
    left, right = max(0, int(columns[0]) - 1), int(columns[-1]) + 2
    cut = depth[top:bottom, left:right]
    height, width = cut.shape
    scale = min(_MOST_SCALE, _LONGEST_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(cut, size, interpolation=method)
    y, x = (SIDE_PX - size[1]) // 2, (SIDE_PX - size[0]) // 2
    made[y : y + size[1], x : x + size[0]] = small
    return made


def cell_batch(pieces: Sequence[Gray]) -> NDArray[np.float32]:
    """Stack pieces for the network: count × 1 × ``SIDE_PX`` × ``SIDE_PX``."""
    made = np.zeros((len(pieces), 1, SIDE_PX, SIDE_PX), np.float32)
    for i, piece in enumerate(pieces):
        made[i, 0] = normalise_cell(piece)
    return made


HEIGHT_PX = 32
STRIDE_PX = 4  # of the picture's width for one step of the answer
_NARROWEST_PX, _WIDEST_PX = 16, 2400
_LEAST_CONTRAST = 40.0  # grey levels: what is flatter is paper, not faint ink


def line_tensor(image: Gray) -> NDArray[np.float32]:
    """Scale a line to the reader's height and its grey to 0 for paper .. 1 for ink.

    Args:
        image: Height × width, of any size and polarity.

    Returns:
        32 × width.
    """
    height, width = image.shape
    if height == 0 or width == 0:
        return np.zeros((HEIGHT_PX, _NARROWEST_PX), np.float32)
    wanted = int(np.clip(round(width * HEIGHT_PX / height), _NARROWEST_PX, _WIDEST_PX))
    method = cv2.INTER_AREA if height > HEIGHT_PX else cv2.INTER_LINEAR
    scaled = cv2.resize(image, (wanted, HEIGHT_PX), interpolation=method)
    counted = np.cumsum(np.bincount(scaled.ravel(), minlength=256))
    low, middle, high = np.searchsorted(counted, np.array((0.01, 0.6, 0.99)) * scaled.size)
    values = scaled.astype(np.float32)
    if high - middle > middle - low:  # white letters on a dark bar
        values, low, middle = 255.0 - values, 255 - high, 255 - middle
    contrast = np.float32(max(_LEAST_CONTRAST, float(middle - low)))
    return np.asarray(np.clip((np.float32(middle) - values) / contrast, -0.25, 1.0), np.float32)


def stacked(tensors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Lines as one batch, n × 1 × 32 × the widest; paper fills the rest."""
    widest = max(tensor.shape[1] for tensor in tensors)
    batch = np.zeros((len(tensors), 1, HEIGHT_PX, widest), np.float32)
    for row, tensor in zip(batch, tensors, strict=True):
        row[0, :, : tensor.shape[1]] = tensor
    return batch
