"""All networks of a station behind one ``Readers``.

Each job goes to one part; a part that is added takes its jobs over here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.inference import networks
from edge.inference.careful import CarefulReaders, load_careful
from edge.inference.cells import CellNetwork
from edge.reading.readers import Alphabet, Gray, LineReading, Quad, Readers


@dataclass(frozen=True, slots=True)
class StationReaders:
    """``Readers`` (edge/reading/readers.py) on the networks of a station."""

    careful: CarefulReaders
    cells: CellNetwork

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and digest of each network."""
        return {**self.careful.versions, "cells": self.cells.version}

    def find_lines(self, page: Gray) -> list[Quad]:
        """Find the text lines of a page, in reading order."""
        return self.careful.find_lines(page)

    def read_lines(
        self, crops: Sequence[Gray], alphabet: Alphabet = Alphabet.TEXT
    ) -> list[LineReading]:
        """Read upright line crops of any height, one answer each, in order."""
        return self.careful.read_lines(crops, alphabet)

    def read_cells(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        """Read the characters of one comb, one a piece."""
        return self.cells.read(pieces, alphabet)


def load_readers(cache_dir: Path, threads: int = 1, onnx_dir: Path | None = None) -> Readers:
    """Load every network of a station.

    Args:
        cache_dir: Where networks that are cut at the first start are kept.
        threads: Threads of each network.
        onnx_dir: The pack's networks; None: those that came with the program.

    Raises:
        PackInvalid: a model file is missing, altered, mismatched, or does not load.
    """
    folder = onnx_dir or networks.default_dir()
    cells = CellNetwork.load(folder, threads)  # quick, and fails before the slow ones load
    return StationReaders(load_careful(cache_dir, threads), cells)
