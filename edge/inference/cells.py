"""The cell network: one character of a comb a time, typed or written by hand.

Small and quick: the cells of a page take some milliseconds. It knows digits and the letters of
Corsican NIRs; what is none of them (struck out, written over, two in one cell) is junk to it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import PackInvalid
from edge.inference import networks
from edge.inference.networks import Network
from edge.inference.session import Session
from edge.reading import piece
from edge.reading.readers import Alphabet, Gray, LineReading

NAME = "cells"
_LABELS = (*"0123456789AB", "junk")
_ALTERNATIVES = 6
_LEAST_LIKELY = 1e-5


class CellNetwork:
    """Reads the pieces of a comb."""

    def __init__(self, network: Network, session: Session) -> None:
        if network.labels != _LABELS:
            raise PackInvalid(f"{network.file}: labels {network.labels}, not {_LABELS}")
        if network.input_shape != (1, piece.SIDE_PX, piece.SIDE_PX):
            raise PackInvalid(f"{network.file}: takes pictures of {network.input_shape}")
        self.version = network.version
        self._session = session
        self._columns = {
            alphabet: [i for i, label in enumerate(_LABELS) if label in set(alphabet.value)]
            for alphabet in Alphabet
        }

    @classmethod
    def load(cls, folder: Path, threads: int) -> "CellNetwork":
        """Load it from a pack's networks.

        Raises:
            PackInvalid: missing, altered, or not as its manifest or this code expects.
        """
        return cls(*networks.session(folder, NAME, threads))

    def read(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        """Read the characters of one comb, left to right.

        A character's confidence is its probability among all that the network knows; so are
        those of its alternatives, and what they lack to 1 is the chance of junk.
        """
        if not pieces:
            return LineReading("", 0.0)
        chances = self._session.run(piece.batch(pieces))
        columns = self._columns[alphabet]
        ranked = tuple(self._ranked(row, columns) for row in chances)
        text = "".join(best[0][0] for best in ranked)
        confidences = tuple(best[0][1] for best in ranked)
        return LineReading(text, float(np.mean(confidences)), confidences, ranked)

    @staticmethod
    def _ranked(
        chances: NDArray[np.float32], columns: Sequence[int]
    ) -> tuple[tuple[str, float], ...]:
        best = sorted(columns, key=lambda i: -float(chances[i]))[:_ALTERNATIVES]
        return tuple(
            (_LABELS[i], float(chances[i]))
            for rank, i in enumerate(best)
            if rank == 0 or chances[i] >= _LEAST_LIKELY
        )
