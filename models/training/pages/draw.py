"""Chunks of drawn thumbnails: what the page network is taught with.

Drawing is done by spawned processes and resumes: a chunk that is there is not drawn again.
"""

import argparse
import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from edge.classification import embedding
from models.training.drawing import synthesise

_CHUNK = 256
_HELD_OUT_SEED = 900_000  # seeds from here on are for evaluation


def draw(
    folder: Path, seed: int, count: int, processes: int, *, held_out: bool, forms_only: bool
) -> None:
    """Draw at least ``count`` upright, degraded thumbnails.

    Args:
        folder: For the chunks, ``.npz`` files with ``thumbs`` (count × 384 × 272) and ``types``.
        seed: The same thumbnails for the same seed.
        count: How many.
        processes: That draw at the same time.
        held_out: With the fonts, layouts and invented forms kept for evaluation.
        forms_only: Only invented forms, from which fixed layouts are learned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    invented = synthesise.UNTAUGHT if held_out else synthesise.TAUGHT
    jobs = [
        (folder / f"{seed + i:06d}.npz", seed + i, held_out, invented, forms_only)
        for i in range(-(-count // _CHUNK))
    ]
    jobs = [job for job in jobs if not job[0].exists()]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(chunk, *job) for job in jobs]:
            done.result()


def chunk(path: Path, seed: int, held_out: bool, invented: Sequence[int], forms_only: bool) -> None:
    """Draw one chunk and write it whole or not at all."""
    cv2.setNumThreads(1)
    rng = random.Random(seed)
    mix = synthesise.kinds(rng, invented, forms_only=forms_only)
    thumbs, types = [], []
    for number in range(_CHUNK):
        kind, one = next(mix), seed * 1_000_003 + number
        dpi = rng.choice((72, 84, 100))
        page, truth = synthesise.draw(kind, one, dpi, held_out=held_out)
        page, truth = synthesise.degraded(page, truth, one, dpi, turned=0.0)
        thumbs.append(embedding.thumbnail(page).pixels)
        types.append(truth.type)
    new = path.with_suffix(".part")
    with new.open("wb") as file:
        np.savez(file, thumbs=np.stack(thumbs), types=np.array(types))
    new.replace(path)


def main() -> None:
    """Draw thumbnails below the folder given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--forms-only", action="store_true")
    options = parser.parse_args()
    seed = _HELD_OUT_SEED if options.held_out else 5_000 if options.forms_only else 1_000
    draw(
        options.folder,
        seed,
        options.count,
        options.processes,
        held_out=options.held_out,
        forms_only=options.forms_only,
    )


if __name__ == "__main__":
    main()
