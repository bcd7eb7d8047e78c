"""Was a line printed or typed, or written by hand? A network of a third of a millisecond."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from edge.errors import PackInvalid
from edge.inference import batches, networks
from edge.inference.session import Session
from edge.reading.readers import Gray
from edge.reading.tensors import HEIGHT_PX

NAME = "hand"
LABELS = ("printed", "by_hand")
_BATCH_PX = 6400


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
        network, session = networks.session(folder, NAME, threads)
        if network.input_shape != (1, HEIGHT_PX, networks.FREE):
            raise PackInvalid(f"{network.file}: takes lines of {network.input_shape}")
        if network.labels != LABELS:
            raise PackInvalid(f"{network.file}: labels {network.labels}, not {LABELS}")
        return cls(session, network.version)

    def by_hand(self, crops: Sequence[Gray]) -> list[float]:
        """The chance that each line was written by hand, in order."""
        chances = [0.0] * len(crops)
        for i, answer in batches.answers(self._session, crops, _BATCH_PX):
            chances[i] = float(answer[1])
        return chances
