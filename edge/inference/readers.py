"""The product's own four networks: line reader, cells, handwriting or print, tick boxes.

Each class runs one network of the pack on batches of crops: ``LineNetwork`` reads French lines, ten
times as fast as the general reader; ``CellNetwork`` reads one character of a comb at a time, digits
and the letters of Corsican NIRs, all else is junk; ``HandNetwork`` says whether a line is printed
or written by hand; ``TickNetwork`` says of all boxes of a page whether each is ticked, empty or
doubtful.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import PackInvalid
from edge.extraction import ticks
from edge.inference import session as inference_session
from edge.inference.session import Network, Session
from edge.ocr import network_io
from edge.ocr.engine import Alphabet, Gray, LineReading, Patch, TickChances
from edge.ocr.network_io import HEIGHT_PX, Decoder

CELL_NETWORK = "cells"
_LABELS = (*"0123456789AB", "junk")
_ALTERNATIVES = 6
_LEAST_LIKELY = 1e-5


class CellNetwork:
    """Reads the pieces of a comb."""

    def __init__(self, network: Network, session: Session) -> None:
        if network.labels != _LABELS:
            raise PackInvalid(f"{network.file}: labels {network.labels}, not {_LABELS}")
        if network.input_shape != (1, network_io.SIDE_PX, network_io.SIDE_PX):
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
        return cls(*inference_session.open_network(folder, CELL_NETWORK, threads))

    def read(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        """Read the characters of one comb, left to right.

        A character's confidence is its probability among all that the network knows; so are
        those of its alternatives, and what they lack to 1 is the chance of junk.
        """
        if not pieces:
            return LineReading("", 0.0)
        chances = self._session.run(network_io.cell_batch(pieces))
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


HAND_NETWORK = "hand"
HAND_LABELS = ("printed", "by_hand")
_HAND_NETWORK_BATCH_PX = 6400


class HandNetwork:
    """Looks at upright line crops."""

    def __init__(self, session: Session, version: str) -> None:
        self.version = version
        self._session = session

    @classmethod
    def load(cls, folder: Path, threads: int) -> Self:
        """Load it from a pack's networks.

        Raises:
            PackInvalid: missing, altered, or not as its manifest or this code expects.
        """
        network, session = inference_session.open_network(folder, HAND_NETWORK, threads)
        if network.input_shape != (1, HEIGHT_PX, inference_session.FREE):
            raise PackInvalid(f"{network.file}: takes lines of {network.input_shape}")
        if network.labels != HAND_LABELS:
            raise PackInvalid(f"{network.file}: labels {network.labels}, not {HAND_LABELS}")
        return cls(session, network.version)

    def by_hand(self, crops: Sequence[Gray]) -> list[float]:
        """The chance that each line was written by hand, in order."""
        chances = [0.0] * len(crops)
        for i, answer in inference_session.run_batches(
            self._session, crops, _HAND_NETWORK_BATCH_PX
        ):
            chances[i] = float(answer[1])
        return chances


LINE_NETWORK = "reader"
BLANK = "blank"  # the label of what stands between two letters
_LINE_NETWORK_BATCH_PX = 3200  # lines run together up to this width in all


class LineNetwork:
    """Reads upright line crops."""

    def __init__(self, session: Session, characters: str, version: str) -> None:
        self.version = version
        self._session = session
        self._decoder = Decoder(characters, hears_gaps=True)

    @classmethod
    def load(cls, folder: Path, threads: int) -> Self:
        """Load it from a pack's networks.

        Raises:
            PackInvalid: missing, altered, or not as its manifest or this code expects.
        """
        network, session = inference_session.open_network(folder, LINE_NETWORK, threads)
        if network.input_shape != (1, HEIGHT_PX, inference_session.FREE):
            raise PackInvalid(f"{network.file}: takes lines of {network.input_shape}")
        blank, *characters = network.labels
        if blank != BLANK or any(len(char) != 1 for char in characters):
            raise PackInvalid(f"{network.file}: labels are not {BLANK} and characters")
        return cls(session, "".join(characters), network.version)

    def read(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        *,
        ranked: bool = True,
    ) -> list[LineReading]:
        """Read lines of any height, one answer each, in order; alternatives when ``ranked``."""
        read = {
            i: self._decoder.decode(steps, alphabet, ranked=ranked)
            for i, steps in inference_session.run_batches(
                self._session, crops, _LINE_NETWORK_BATCH_PX
            )
        }
        return [read[i] for i in range(len(crops))]


TICK_NETWORK = "ticks"
TICK_LABELS = ("empty", "ticked", "doubtful")
SHAPE = (ticks.CHANNELS, ticks.HIGH_PX, ticks.WIDE_PX)


class TickNetwork:
    """Looks at boxes with their surroundings."""

    def __init__(self, network: Network, session: Session) -> None:
        if network.labels != TICK_LABELS:
            raise PackInvalid(f"{network.file}: labels {network.labels}, not {TICK_LABELS}")
        if network.input_shape != SHAPE:
            raise PackInvalid(f"{network.file}: takes {network.input_shape}, not {SHAPE}")
        self.version = network.version
        self._session = session

    @classmethod
    def load(cls, folder: Path, threads: int) -> Self:
        """Load it from a pack's networks.

        Raises:
            PackInvalid: missing, altered, or not as its manifest or this code expects.
        """
        return cls(*inference_session.open_network(folder, TICK_NETWORK, threads))

    def judge(self, patches: Sequence[Patch]) -> list[TickChances]:
        """The chances of each box, in order."""
        if not patches:
            return []
        answers = self._session.run(ticks.tensor(patches))
        return [TickChances(*map(float, row)) for row in answers]
