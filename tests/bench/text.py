"""Character errors of full-text pages, beside Tesseract's on the same pages in the same run.

The real typed pages (``typescript``) and one page at several fadings (``ocr``) come with their
transcription. An error is an insertion, a deletion or a substitution; the rate is errors over
the transcription's characters, all white space counting as one space.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.ocr.engine import OcrEngine
from edge.pipeline import page as pipeline_page
from tests.bench.forms import TODAY
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

_PICTURES = (".jpg", ".jpeg", ".png")
_MARKUP = re.compile(r"~~~|[_^]")  # the transcribers' own signs for what is struck out or raised
_TESSERACT_WITHIN_S = 300


@dataclass(frozen=True, slots=True)
class Page:
    """A picture and its transcription."""

    picture: Path
    truth: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Errors and truth's characters of some pages, and this process's seconds for them."""

    errors: int
    characters: int
    seconds: float

    @property
    def rate(self) -> float:
        """Character error rate."""
        return self.errors / self.characters if self.characters else 0.0


def typescript(samples: Path) -> Iterator[Page]:
    """Every real typed page that has a transcription."""
    for truth in sorted((samples / "typescript").glob("*.gt.txt")):
        stem = truth.name.removesuffix(".gt.txt")
        (picture,) = (p for p in truth.parent.iterdir() if p.stem == stem and p.suffix in _PICTURES)
        yield Page(picture, truth.read_text("utf-8"))


def fadings(samples: Path) -> Iterator[Page]:
    """One page of print, four times: black and white, grey, each also faded."""
    truth = (samples / "ocr" / "demat_OCR_groundtruth.txt").read_text("utf-8")
    for picture in sorted((samples / "ocr").glob("*.tiff")):
        yield Page(picture, truth)


def measure(page: Page, read: Callable[[Path], str]) -> Reading:
    """Read one page and count its errors."""
    started = time.process_time()
    text = read(page.picture)
    seconds = time.process_time() - started
    truth = _plain(page.truth)
    return Reading(Levenshtein.distance(_plain(text), truth), len(truth), seconds)


def total(readings: list[Reading]) -> Reading:
    """All pages together."""
    return Reading(
        sum(r.errors for r in readings),
        sum(r.characters for r in readings),
        sum(r.seconds for r in readings),
    )


def ours(readers: OcrEngine) -> Callable[[Path], str]:
    """What a station reads on a page."""
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )

    def read(picture: Path) -> str:
        with open_source(picture.read_bytes(), Limits()) as source:
            image = source.page(0)
        return pipeline_page.read_page(
            image, ImageRef(picture.name, 0, ""), recipe, readers, TODAY
        ).text

    return read


def tesseract() -> Callable[[Path], str] | None:
    """Tesseract with its French model on one thread; None when it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    languages = subprocess.run(
        [program, "--list-langs"], capture_output=True, text=True, check=False
    )
    if "fra" not in languages.stdout.split():
        return None

    def read(picture: Path) -> str:
        answer = subprocess.run(
            [program, str(picture), "-", "-l", "fra"],
            capture_output=True,
            text=True,
            check=True,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
            timeout=_TESSERACT_WITHIN_S,
        )
        return answer.stdout

    return read


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub("", text).split())
