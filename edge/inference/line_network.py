"""The station's own line reader: a small French network, ten times as fast as the careful one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from edge.errors import PackInvalid
from edge.inference import batches, networks
from edge.inference.session import Session
from edge.reading.ctc import Decoder
from edge.reading.readers import Alphabet, Gray, LineReading
from edge.reading.tensors import HEIGHT_PX

NAME = "reader"
BLANK = "blank"  # the label of what stands between two letters
_BATCH_PX = 3200  # lines run together up to this width in all


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
        network, session = networks.session(folder, NAME, threads)
        if network.input_shape != (1, HEIGHT_PX, networks.FREE):
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
            for i, steps in batches.answers(self._session, crops, _BATCH_PX)
        }
        return [read[i] for i in range(len(crops))]
