"""The careful reader: PP-OCRv6-small from the rapidocr wheel, its head cut to French.

Slow and good: about a second to find a page's lines and 40 ms to read one. The networks run
here; rapidocr's own code, which may download, is never imported.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.inference import batches, detector, french_head, manifest
from edge.inference.session import Session
from edge.reading.ctc import Decoder
from edge.reading.readers import Alphabet, Care, Gray, LineReading, Quad

_HEIGHT_PX = 48
_NARROWEST_PX = 48
_WIDEST_PX = 3200
# Crops run together up to this width in all, and only when none is padded by more than a fifth:
# on one core wider batches fall out of the cache (129 lines: 1.5 s so, 2.3 s at 9,600 px).
_BATCH_PX = 1600
_PADDED_TO = 1.2


def load_careful(cache_dir: Path, threads: int = 1) -> "CarefulReaders":
    """Load the careful reader.

    Args:
        cache_dir: Where the cut recogniser is kept between starts.
        threads: Threads of each network.

    Raises:
        PackInvalid: a model file is missing, altered, or does not load.
    """
    recogniser, characters = french_head.load(manifest.read(manifest.CAREFUL_RECOGNISER), cache_dir)
    return CarefulReaders(
        Session(manifest.read(manifest.CAREFUL_DETECTOR), threads),
        Session(recogniser, threads),
        characters,
        {
            "detector": manifest.CAREFUL_DETECTOR.sha256[:16],
            "recogniser": hashlib.sha256(recogniser).hexdigest()[:16],
        },
    )


class CarefulReaders:
    """``Readers`` (edge/reading/readers.py) on two networks."""

    def __init__(
        self, finder: Session, reader: Session, characters: str, versions: Mapping[str, str]
    ) -> None:
        self._finder = finder
        self._reader = reader
        self._decoder = Decoder(characters)
        self._versions = versions

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and digest of each network."""
        return self._versions

    def find_lines(self, page: Gray) -> list[Quad]:
        """Find the text lines of a page, in reading order."""
        return detector.find_lines(self._finder, page)

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: Care = Care.VALUE,  # noqa: ARG002  (always careful)
        skimmed: Sequence[LineReading] | None = None,  # noqa: ARG002
    ) -> list[LineReading]:
        """Read upright line crops of any height, one answer each, in order."""
        scaled = [_scaled(crop) for crop in crops]
        widths = [max(_NARROWEST_PX, int(line.shape[1])) for line in scaled]
        answers: dict[int, LineReading] = {}
        for chosen in batches.of_like_width(widths, _BATCH_PX, _PADDED_TO):
            batch = self._reader.run(_batch([scaled[i] for i in chosen]))
            for i, scores in zip(chosen, batch, strict=True):
                answers[i] = self._decoder.decode(scores, alphabet)
        return [answers[i] for i in range(len(scaled))]


def _scaled(crop: Gray) -> Gray:
    height, width = crop.shape
    if height == 0 or width == 0:
        return np.full((_HEIGHT_PX, _NARROWEST_PX), 255, np.uint8)
    wanted = int(np.clip(round(width * _HEIGHT_PX / height), 8, _WIDEST_PX))
    shrinking = height > _HEIGHT_PX
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (wanted, _HEIGHT_PX), interpolation=method), np.uint8)


def _batch(crops: Sequence[Gray]) -> NDArray[np.float32]:
    """Stack crops of similar width; the rest of a shorter one is the network's neutral grey."""
    width = max(_NARROWEST_PX, *(crop.shape[1] for crop in crops))
    batch = np.zeros((len(crops), 3, _HEIGHT_PX, width), np.float32)
    for row, crop in zip(batch, crops, strict=True):
        row[:, :, : crop.shape[1]] = (crop.astype(np.float32) / 255.0 - 0.5) / 0.5
    return batch
