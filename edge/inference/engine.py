"""All networks of a station behind one ``Readers``.

Each job goes to one part; a part that is added takes its jobs over here and nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.inference.general_reader import GeneralReader, load_general_reader
from edge.inference.readers import CellNetwork, HandNetwork, LineNetwork, TickNetwork
from edge.ocr import engine
from edge.ocr.engine import Alphabet, Gray, LineReading, Patch, Quad, ReadMode, TickChances
from vaguemestre import pack

_TEXT_FROM, _VALUE_FROM = 0.85, 0.98
# When the careful reader is not asked (docs/decisions/0008-line-reader.md). A letter in doubt
# spoils a value; running text is read again where it is doubtful as a whole.
_IS_SURE: Mapping[ReadMode, Callable[[LineReading], bool]] = {
    ReadMode.TEXT: lambda reading: reading.confidence >= _TEXT_FROM,
    ReadMode.VALUE: lambda reading: engine.least_sure(reading) >= _VALUE_FROM,
}


@dataclass(frozen=True, slots=True)
class StationEngine:
    """``Readers`` (edge/ocr/engine.py) on the networks of a station."""

    careful: GeneralReader
    lines: LineNetwork
    cells: CellNetwork
    hands: HandNetwork
    ticks: TickNetwork

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and digest of each network."""
        own = {
            "reader": self.lines.version,
            "cells": self.cells.version,
            "hand": self.hands.version,
            "ticks": self.ticks.version,
        }
        return {**self.careful.versions, **own}

    def find_lines(self, page: Gray) -> list[Quad]:
        """Find the text lines of a page, in reading order."""
        return self.careful.find_lines(page)

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        """Read upright line crops of any height, one answer each, in order."""
        if care is ReadMode.SKIM:
            return self.lines.read(crops, alphabet, ranked=False)
        quick = self.lines.read(crops, alphabet) if skimmed is None else skimmed
        return engine.read_with_fallback(
            crops, alphabet, quick, self.careful.read_lines, _IS_SURE[care]
        )

    def by_hand(self, crops: Sequence[Gray]) -> list[float]:
        """The chance that each upright line was written by hand, not printed or typed."""
        return self.hands.by_hand(crops)

    def read_cells(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        """Read the characters of one comb, one a piece."""
        return self.cells.read(pieces, alphabet)

    def judge_ticks(self, patches: Sequence[Patch]) -> list[TickChances]:
        """Whether boxes are ticked."""
        return self.ticks.judge(patches)


def load_engine(cache_dir: Path, threads: int = 1, onnx_dir: Path | None = None) -> StationEngine:
    """Load every network of a station.

    Args:
        cache_dir: Where networks that are cut at the first start are kept.
        threads: Threads of each network.
        onnx_dir: The pack's networks; None: those that came with the program.

    Raises:
        PackInvalid: a model file is missing, altered, mismatched, or does not load.
    """
    folder = onnx_dir or pack.default_dir() / "onnx"
    # The quick ones first: a bad file fails before the slow ones load.
    cells, lines = CellNetwork.load(folder, threads), LineNetwork.load(folder, threads)
    hands, ticks = HandNetwork.load(folder, threads), TickNetwork.load(folder, threads)
    return StationEngine(load_general_reader(cache_dir, threads), lines, cells, hands, ticks)
