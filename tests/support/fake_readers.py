"""``Readers`` that answer nothing: a test says what its own answer, the rest fails it."""

from collections.abc import Mapping, Sequence

from edge.ocr.engine import Alphabet, Gray, LineReading, Patch, Quad, ReadMode, TickChances


class NoReaders:
    """Nobody asks; a subclass overrides what is asked."""

    versions: Mapping[str, str] = {}

    def find_lines(self, page: Gray) -> list[Quad]:
        raise NotImplementedError

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        raise NotImplementedError

    def by_hand(self, crops: Sequence[Gray]) -> list[float]:
        raise NotImplementedError

    def read_cells(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        raise NotImplementedError

    def judge_ticks(self, patches: Sequence[Patch]) -> list[TickChances]:
        raise NotImplementedError
