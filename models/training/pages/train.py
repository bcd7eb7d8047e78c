"""Teach the page network: pages of one form near each other, of different forms apart.

Closed form, no descent: the numbers gathered of many drawn pages are reduced to their principal
directions, those in which pages of one type differ (filling, shift, scanner) are shrunk, and of
the rest those are kept in which types differ most. A second layer tells the quarter turns by
ridge regression. Gathering checkpoints after each chunk, so a stopped run goes on where it was.
"""

import argparse
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from edge.classification import embedding as classification_embedding
from models.training.drawing import synthesise
from models.training.pages import data, prototypes
from models.training.pages.network import LENGTH, Gathered, PageNet

_BATCH = 32
_PRINCIPAL = 700
_SHRUNK = 0.05  # of the mean spread within types, added in all directions
_RIDGE = 3e-3
_SHARP = 8.0  # regression to probabilities
_TURNED = 0.3  # of the pages are looked at turned as well


@dataclass(frozen=True, slots=True)
class Seen:
    """What was gathered: count × width numbers, the type of each, the turn done to each."""

    numbers: NDArray[np.float32]
    types: tuple[str, ...]
    turns: NDArray[np.int64]


def gather(folder: Path, kept: Path, copies: int, seed: int) -> Seen:
    """Look at every page of a folder ``copies`` times, soiled anew, some once more and turned.

    Args:
        folder: Chunks of ``models.training.drawing.synthesise``.
        kept: Where each chunk's numbers are kept between runs.
        copies: Looks at each page.
        seed: Of the soiling.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    kept.mkdir(parents=True, exist_ok=True)
    network = Gathered().eval()
    parts = []
    for number, path in enumerate(sorted(folder.glob("*.npz"))):
        done = kept / path.name
        if not done.exists():
            _gather_chunk(network, path, done, copies, seed + number)
        with np.load(done) as found:
            parts.append(Seen(found["numbers"], tuple(found["types"].tolist()), found["turns"]))
    return Seen(
        np.concatenate([part.numbers for part in parts]),
        tuple(name for part in parts for name in part.types),
        np.concatenate([part.turns for part in parts]),
    )


def _gather_chunk(network: Gathered, path: Path, done: Path, copies: int, seed: int) -> None:
    rng = random.Random(seed)
    pixels, types, turns = [], [], []
    with np.load(path) as chunk:
        thumbs, names = chunk["thumbs"], chunk["types"]
    for thumb, name in zip(thumbs, names, strict=True):
        for _ in range(copies):
            pixels.append(data.soiled(thumb, rng))
            types.append(str(name))
            turns.append(0)
        if rng.random() < _TURNED:
            page, turn = data.turned(data.soiled(thumb, rng), rng)
            pixels.append(page)
            types.append("")
            turns.append(turn)
    numbers = look(network, pixels)
    new = done.with_suffix(".part")
    with new.open("wb") as file:
        np.savez(file, numbers=numbers, types=np.array(types), turns=np.array(turns))
    new.replace(done)


def look(network: torch.nn.Module, pixels: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """A network's answers for thumbnails, count × width."""
    answers = []
    with torch.inference_mode():
        for start in range(0, len(pixels), _BATCH):
            batch = torch.from_numpy(classification_embedding.batch(pixels[start : start + _BATCH]))
            answers.append(network(batch).numpy())
    return np.concatenate(answers)


def solve(seen: Seen) -> PageNet:
    """Find both layers."""
    middle = seen.numbers.mean(axis=0)
    centred = seen.numbers - middle
    spread = centred.T @ centred / len(centred)
    _, directions = np.linalg.eigh(spread.astype(np.float64))
    principal = directions[:, -_PRINCIPAL:]
    reduced = centred.astype(np.float64) @ principal
    # Where things stand can only be learned from pages whose layout stays the same.
    measured = prototypes.measured_types()
    fixed = [
        i
        for i, name in enumerate(seen.types)
        if name in measured or name.startswith(synthesise.INVENTED)
    ]
    names = [seen.types[i] for i in fixed]
    embedding = principal @ _apart(reduced[fixed], names)
    facing, bias = _facing(reduced, seen.turns)
    made: PageNet = PageNet(middle, embedding, principal @ facing, bias).eval()
    return made


def _facing(
    reduced: NDArray[np.float64], turns: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ridge regression of the four turns, each counting as much as any other."""
    wanted = np.eye(4)[turns] - 0.25
    counts = np.maximum(1, np.bincount(turns, minlength=4))
    weights = (len(turns) / (4 * counts))[turns][:, None]
    mean = (reduced * weights).mean(axis=0)
    apart = reduced - mean
    ridge = apart.T @ (apart * weights)
    ridge += _RIDGE * np.trace(ridge) / len(ridge) * np.eye(len(ridge))
    facing = _SHARP * np.linalg.solve(ridge, (apart * weights).T @ wanted)
    return facing, -mean @ facing


def _apart(reduced: NDArray[np.float64], names: list[str]) -> NDArray[np.float64]:
    """Directions in which types differ, measured against how much pages of one type do."""
    kinds = sorted(set(names))
    where = {name: i for i, name in enumerate(kinds)}
    rows = np.array([where[name] for name in names])
    counts = np.bincount(rows)[:, None]
    means = np.zeros((len(kinds), reduced.shape[1]))
    np.add.at(means, rows, reduced)
    means /= counts
    inner = reduced - means[rows]
    within = inner.T @ inner / len(inner)
    within += _SHRUNK * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eigh(within)
    whitening = vectors / np.sqrt(values)
    between = (means - means.mean(axis=0)) @ whitening
    _, best = np.linalg.eigh(between.T @ between)
    return np.asarray(whitening @ best[:, -LENGTH:], np.float64)


def export(network: PageNet, path: Path) -> str:
    """Write the ONNX file; returns its SHA-256."""
    example = torch.zeros(1, 1, classification_embedding.HEIGHT, classification_embedding.WIDTH)
    torch.onnx.export(
        network, (example,), str(path), input_names=["page"], output_names=["look"],
        dynamic_axes={"page": {0: "count"}, "look": {0: "count"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Gather, solve and write ``page.onnx``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("thumbs", type=Path, help="folder of chunks")
    parser.add_argument("kept", type=Path, help="folder for what was gathered")
    parser.add_argument("onnx", type=Path, help="file to write")
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen = gather(options.thumbs, options.kept, options.copies, options.seed)
    print(len(seen.types), export(solve(seen), options.onnx))


if __name__ == "__main__":
    main()
