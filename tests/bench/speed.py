"""Processor time a page on one core: drawn lots (no samples needed), kinds of pages apart."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.ocr.engine import OcrEngine
from edge.pipeline import page as pipeline_page
from models.training.drawing import lots
from tests.bench.forms import TODAY
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

_SEED = 1


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of this process for each page of one kind."""

    kind: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the pages' times."""
        return statistics.median(self.seconds)


def drawn_lots(readers: OcrEngine) -> list[Speed]:
    """Decode and read every page of the demo's lots, one after the other."""
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        lots.draw_lots(Path(folder), _SEED)
        for path, index in _pages(Path(folder)):
            started = time.process_time()
            with open_source(path.read_bytes(), Limits()) as source:
                image = source.page(index)
            ref = ImageRef(path.name, index, "")
            page = pipeline_page.read_page(image, ref, recipe, readers, TODAY)
            spent = time.process_time() - started
            if page.is_blank or page.separator is not None:
                kind = "blank or separator"
            else:
                kind = page.guesses[0].type if page.layout is not None else "other mail"
            seconds.setdefault(kind, []).append(spent)
    return [Speed(kind, tuple(found)) for kind, found in sorted(seconds.items())]


def _pages(folder: Path) -> Iterator[tuple[Path, int]]:
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".tif", ".jpg")):
        with open_source(path.read_bytes(), Limits()) as source:
            count = source.page_count
        for index in range(count):
            yield path, index
