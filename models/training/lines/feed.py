"""Lines for training: drawn by processes of their own, kept a while, handed out in batches.

A drawn line is used a few times before a newer one replaces it: drawing then costs a third of a
core beside a training core.
"""

import itertools
import multiprocessing as mp
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ocr.network_io import HEIGHT_PX, line_tensor
from models.training.lines import draw
from models.training.lines.network import encode
from models.training.lines.samples import real_lines

_KEPT = 50_000
_MOST_PX = 900
_BUCKETS = (96, 160, 240, 320, 400, 500, 620, 760, _MOST_PX)
# Pixels of width in one batch: small ones leave CTC's first plateau sooner, large ones end better.
_BATCH_PX = (10 * 400, 32 * 400)


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: 32 × width of int8 (the tensor's values times 100), and its encoded text."""

    tensor: NDArray[np.int8]
    target: tuple[int, ...]


def sample(image: NDArray[np.uint8], text: str) -> Sample | None:
    """None for a line too wide, or too narrow for its text."""
    tensor = line_tensor(image)
    target = tuple(encode(text))
    doubles = sum(a == b for a, b in itertools.pairwise(target))
    if tensor.shape[1] > _MOST_PX or not target or len(target) + doubles > tensor.shape[1] // 4:
        return None
    return Sample(np.asarray(np.rint(tensor * 100), np.int8), target)


def _draw(seed: int, queue: "mp.Queue[list[Sample]]", real: Path | None, real_share: float) -> None:
    cv2.setNumThreads(1)
    rng = random.Random(seed)
    typed = real_lines(real, held_out=False) if real else []
    while True:
        made: list[Sample] = []
        while len(made) < 64:
            if typed and rng.random() < real_share:
                line = rng.choice(typed)
                one = sample(draw.real(line.image, rng), line.text)
            else:
                drawn = draw.draw(rng)
                one = sample(drawn.image, drawn.text)
            if one is not None:
                made.append(one)
        queue.put(made)


class Feed:
    """Batches of lines of like width: (n × 1 × 32 × width float32, targets)."""

    def __init__(self, seed: int, workers: int, real: Path | None, real_share: float) -> None:
        context = mp.get_context("spawn")
        self._queue: mp.Queue[list[Sample]] = context.Queue(maxsize=8)
        self._workers = [
            context.Process(
                target=_draw, args=(seed + i, self._queue, real, real_share), daemon=True
            )
            for i in range(workers)
        ]
        for worker in self._workers:
            worker.start()
        self._rng = random.Random(seed)
        self._kept: dict[int, list[Sample]] = {width: [] for width in _BUCKETS}
        self.drawn, self.share = 0, 0.0

    def close(self) -> None:
        """Stop drawing."""
        for worker in self._workers:
            worker.terminate()

    def batches(self) -> Iterator[tuple[NDArray[np.float32], list[tuple[int, ...]]]]:
        """Without end; ``share`` of the course, set by who trains, says how large."""
        self._take(2_000)
        while True:
            self._take(0)
            small, large = _BATCH_PX
            pixels = round(small + (large - small) * max(0.0, self.share - 0.3) / 0.7)
            filled = [width for width in _BUCKETS if len(self._kept[width]) >= 8]
            weights = [len(self._kept[width]) / (pixels // width) for width in filled]
            width = self._rng.choices(filled, weights)[0]
            kept = self._kept[width]
            chosen = [self._rng.choice(kept) for _ in range(pixels // width)]
            batch = np.zeros((len(chosen), 1, HEIGHT_PX, width), np.float32)
            for row, one in zip(batch, chosen, strict=True):
                spare = width - one.tensor.shape[1]
                at = self._rng.randint(0, min(spare, 24))
                row[0, :, at : at + one.tensor.shape[1]] = one.tensor / np.float32(100)
            yield batch, [one.target for one in chosen]

    def _take(self, least: int) -> None:
        while True:
            try:
                made = self._queue.get(timeout=60 if self.drawn < least else 0.001)
            except Empty:
                if self.drawn < least:
                    raise
                return
            for one in made:
                width = next(w for w in _BUCKETS if one.tensor.shape[1] <= w)
                kept = self._kept[width]
                total = sum(map(len, self._kept.values()))
                if total >= _KEPT and kept:
                    kept[self._rng.randrange(len(kept))] = one
                else:
                    kept.append(one)
            self.drawn += len(made)
