"""Character errors line by line: our own reader, the careful one, and Tesseract on the same crops.

Drawn lines come from typefaces and seeds that training never sees (``models.training.lines.draw``,
which needs the Debian fonts that ``models/training/README.md`` lists).
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.inference.engine import StationEngine
from edge.ocr.engine import Gray, ReadMode
from edge.ocr.lines import crop
from edge.pipeline.page import prepare
from edge.pipeline.upright import make_upright
from tests.bench import text as bench_text

Read = Callable[[Sequence[Gray]], list[str]]

_MARGIN = 0.35  # of a crop's height: Tesseract wants white around a line


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong characters of so many, lines without any error, and seconds of all lines."""

    wrong: int
    characters: int
    perfect: int
    lines: int
    seconds: float

    @property
    def rate(self) -> float:
        """Character error rate."""
        return self.wrong / self.characters if self.characters else 0.0


def measure(read: Read, crops: Sequence[Gray], truths: Sequence[str]) -> Errors:
    """Read all crops and count; runs of spaces count as one."""
    started = time.perf_counter()
    texts = read(crops)
    seconds = time.perf_counter() - started
    pairs = [(" ".join(text.split()), truth) for text, truth in zip(texts, truths, strict=True)]
    wrong = [Levenshtein.distance(text, truth) for text, truth in pairs]
    total = sum(len(truth) for truth in truths)
    return Errors(sum(wrong), total, sum(w == 0 for w in wrong), len(wrong), seconds)


def tesseract() -> Read | None:
    """Tesseract with its French model, one line a picture; None when it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None

    def read(crops: Sequence[Gray]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i, crop in enumerate(crops):
                margin = round(_MARGIN * crop.shape[0])
                paper = float(np.median(crop))
                around = cv2.copyMakeBorder(
                    crop, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(paper,)
                )
                paths.append(Path(folder) / f"{i:05d}.png")
                cv2.imwrite(str(paths[-1]), around)
            listing = Path(folder) / "list.txt"
            listing.write_text("\n".join(map(str, paths)) + "\n")
            answer = subprocess.run(
                [program, str(listing), "-", "-l", "fra", "--psm", "7", "--dpi", "200"],
                capture_output=True,
                text=True,
                check=True,
                env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
            )
        return answer.stdout.split("\f")[: len(crops)]

    return read


def readers_of(station: StationEngine) -> dict[str, Read]:
    """The station's own reader, both together, and the careful one alone."""
    return {
        "own reader alone": lambda crops: [r.text for r in station.lines.read(crops)],
        "own, careful where in doubt": lambda crops: [
            r.text for r in station.read_lines(crops, care=ReadMode.TEXT)
        ],
        "PP-OCRv6 alone": lambda crops: [r.text for r in station.careful.read_lines(crops)],
    }


def pages_on_same_lines(
    pages: Sequence[bench_text.Page], station: StationEngine
) -> dict[str, bench_text.Reading]:
    """Character errors of whole pages, each reader on the same crops in the same order."""
    found: dict[str, list[bench_text.Reading]] = {name: [] for name in readers_of(station)}
    for page in pages:
        crops = _crops(page.picture, station)
        for name, read in readers_of(station).items():
            found[name].append(bench_text.measure(page, _joined(read, crops)))
    return {name: bench_text.total(readings) for name, readings in found.items()}


def _crops(picture: Path, station: StationEngine) -> list[Gray]:
    with open_source(picture.read_bytes(), Limits()) as source:
        prepared = prepare(source.page(0), station)
    page = make_upright(prepared.gray, prepared.dpi, station, {}).gray
    return [crop(page, quad) for quad in station.find_lines(page)]


def _joined(read: Read, crops: Sequence[Gray]) -> Callable[[Path], str]:
    return lambda _: " ".join(read(crops))
