"""Drawn thumbnails as batches: shifted, soiled and turned anew each time they are seen."""

import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification import embedding

Pixels = NDArray[np.uint8]
_TURNED = 0.22  # of a batch: only the orientation learns from these


class Thumbs:
    """All chunks of a folder in memory: ``thumbs`` 384 × 272 each, ``types`` one each.

    A folder may still be growing: ``refresh`` takes in what has come since.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[Path] = set()
        self.thumbs: list[Pixels] = []
        self.types: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Read the chunks that are new."""
        for path in sorted(set(self._folder.glob("*.npz")) - self._seen):
            with np.load(path) as chunk:
                self.thumbs.extend(chunk["thumbs"])
                self.types.extend(str(name) for name in chunk["types"])
            self._seen.add(path)


def batches(
    data: Thumbs, size: int, seed: int
) -> Iterator[tuple[NDArray[np.float32], list[str], NDArray[np.int64]]]:
    """Endless batches: pixels, types, and the turn done to each (0 to 3).

    A page that was turned or cut tells its orientation only: its type is empty.
    """
    rng = random.Random(seed)
    while True:
        data.refresh()
        order = list(range(len(data.types)))
        rng.shuffle(order)
        for start in range(0, len(order) - size + 1, size):
            pixels, types, turns = [], [], []
            for index in order[start : start + size]:
                page, name, turn = soiled(data.thumbs[index], rng), data.types[index], 0
                if rng.random() < _TURNED:
                    page, turn = turned(page, rng)
                    name = ""
                pixels.append(page)
                types.append(name)
                turns.append(turn)
            yield embedding.batch(pixels), types, np.array(turns, np.int64)


def turned(page: Pixels, rng: random.Random) -> tuple[Pixels, int]:
    """A page turned by quarters; sideways ones are cut first, as only wide pages lie sideways."""
    turn = rng.choice((0, 1, 2, 2, 2, 3))
    if turn % 2 or rng.random() < 0.3:
        rows = rng.randint(170, 230)
        top = rng.choice((0, rng.randint(0, embedding.HEIGHT - rows)))
        page = page[top : top + rows]
    page = np.ascontiguousarray(np.rot90(page, k=-turn))
    if page.shape != (embedding.HEIGHT, embedding.WIDTH):
        thumb = embedding.thumbnail(page)
        return thumb.pixels, (turn + thumb.turned // 90) % 4
    return page, turn


def soiled(page: Pixels, rng: random.Random) -> Pixels:
    """The same page on another day: placed, printed, lit and soiled otherwise."""
    height, width = page.shape
    matrix = np.asarray(
        cv2.getRotationMatrix2D(
            (width / 2, height / 2), rng.uniform(-2, 2), rng.uniform(0.93, 1.07)
        ),
        np.float64,
    )
    matrix[0, :2] *= rng.uniform(0.96, 1.04)
    matrix[:, 2] += (rng.uniform(-9, 9), rng.uniform(-9, 9))
    paper = int(np.median(page[::8, ::8]))
    made = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=paper)
    chance = rng.random()
    if chance < 0.12:
        made = cv2.erode(made, np.ones((2, rng.choice((1, 2))), np.uint8))  # bolder
    elif chance < 0.24:
        made = cv2.GaussianBlur(made, (3, 3), rng.uniform(0.4, 1.0))
    elif chance < 0.4:
        sharp = cv2.GaussianBlur(made, (0, 0), 1.0)
        made = cv2.addWeighted(made, 1.8, sharp, -0.8, 0)
    if rng.random() < 0.15:
        x, y = rng.randrange(width - 40), rng.randrange(height // 4, height - 40)
        made[y : y + rng.randint(8, 60), x : x + rng.randint(8, 80)] = rng.choice((255, paper, 60))
    black, white = rng.uniform(0, 60), rng.uniform(225, 275)
    table = np.clip(np.linspace(black, white, 256), 0, 255).astype(np.uint8)
    made = cv2.LUT(made, table)
    if rng.random() < 0.4:
        grain = np.random.default_rng(rng.getrandbits(32)).standard_normal(
            (height, width), np.float32
        )
        made = np.clip(made + grain * rng.uniform(2, 14), 0, 255).astype(np.uint8)
    return np.asarray(made, np.uint8)
