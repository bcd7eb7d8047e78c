"""Chunks of drawn thumbnails: what the page network is taught with."""

import random
from pathlib import Path

import cv2
import numpy as np

from edge.reading import embed
from models.training import synthesise

CHUNK = 256


def chunk(path: Path, seed: int, held_out: bool, invented: range) -> None:
    """Draw one chunk, upright, and write it whole or not at all."""
    cv2.setNumThreads(1)
    rng = random.Random(seed)
    mix = synthesise.kinds(rng, invented)
    thumbs, types = [], []
    for number in range(CHUNK):
        kind, one = next(mix), seed * 1_000_003 + number
        dpi = rng.choice((72, 84, 100))
        page, truth = synthesise.draw(kind, one, dpi, held_out=held_out)
        page, truth = synthesise.degraded(page, truth, one, dpi, turned=0.0)
        thumbs.append(embed.thumbnail(page).pixels)
        types.append(truth.type)
    new = path.with_suffix(".part")
    with new.open("wb") as file:
        np.savez(file, thumbs=np.stack(thumbs), types=np.array(types))
    new.replace(path)
