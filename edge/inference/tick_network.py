"""Is a box ticked, empty, or doubtful? All boxes of a page in one call."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from edge.errors import PackInvalid
from edge.inference import networks
from edge.inference.networks import Network
from edge.inference.session import Session
from edge.reading import tickpatch
from edge.reading.readers import Patch, TickChances

NAME = "ticks"
LABELS = ("empty", "ticked", "doubtful")
SHAPE = (tickpatch.CHANNELS, tickpatch.HIGH_PX, tickpatch.WIDE_PX)


class TickNetwork:
    """Looks at boxes with their surroundings."""

    def __init__(self, network: Network, session: Session) -> None:
        if network.labels != LABELS:
            raise PackInvalid(f"{network.file}: labels {network.labels}, not {LABELS}")
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
        return cls(*networks.session(folder, NAME, threads))

    def judge(self, patches: Sequence[Patch]) -> list[TickChances]:
        """The chances of each box, in order."""
        if not patches:
            return []
        answers = self._session.run(tickpatch.tensor(patches))
        return [TickChances(*map(float, row)) for row in answers]
