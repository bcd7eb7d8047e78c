"""How fast full-text pages are read beside Tesseract and rapidocr: processor seconds of one thread.

The same drawn letters of 1,800 characters and more for all three, in one run; what is counted is
processor time, since machines are shared. Starting Tesseract is part of its time, as users run
it; loading our networks and rapidocr's is not.
"""

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rapidocr import RapidOCR

from edge.imaging.source_file import PageImage
from edge.ocr.engine import Gray, OcrEngine
from edge.pipeline import page as pipeline_page
from models.training.drawing.lots import Artist
from tests.bench import mixed
from tests.bench.forms import TODAY
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

_DPI = 200


@dataclass(frozen=True, slots=True)
class Rate:
    """Processor seconds that a reader spent on so many pages."""

    name: str
    pages: int
    seconds: float

    @property
    def each(self) -> float:
        """Seconds a page."""
        return self.seconds / self.pages


def measure(readers: OcrEngine, pages: int, seed: int) -> list[Rate]:
    """The station first, then Tesseract and rapidocr where they are installed."""
    artist = Artist(seed)
    drawn = [artist.mail("courrier", mixed.full_text)[0] for _ in range(pages)]
    ways: list[tuple[str, Callable[[Sequence[Gray]], float] | None]] = [
        ("station", lambda images: _station(images, readers)),
        ("Tesseract fra", _tesseract if shutil.which("tesseract") else None),
        ("rapidocr", _rapidocr),
    ]
    return [Rate(name, pages, read(drawn)) for name, read in ways if read is not None]


def _station(images: Sequence[Gray], readers: OcrEngine) -> float:
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    started = time.process_time()
    for number, gray in enumerate(images):
        page = PageImage(gray, _DPI, dpi_known=True)
        pipeline_page.read_page(page, ImageRef("page", number, ""), recipe, readers, TODAY)
    return time.process_time() - started


def _tesseract(images: Sequence[Gray]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, image in enumerate(images):
            paths.append(Path(folder) / f"{number}.png")
            cv2.imwrite(str(paths[-1]), image)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for path in paths:
            subprocess.run(
                ["tesseract", str(path), "-", "-l", "fra", "--dpi", str(_DPI)],
                capture_output=True,
                check=True,
                env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
            )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _rapidocr(images: Sequence[Gray]) -> float:
    threads = "EngineConfig.onnxruntime"
    engine = RapidOCR(
        params={
            f"{threads}.intra_op_num_threads": 1,
            f"{threads}.inter_op_num_threads": 1,
            "Global.log_level": "error",
        }
    )
    engine(np.full((64, 256, 3), 255, np.uint8))
    started = time.process_time()
    for image in images:
        engine(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    return time.process_time() - started
