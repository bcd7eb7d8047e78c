"""Real lines and fields with what stands in them: typed samples, and what people keyed.

What was keyed comes from ``vaguemestre-central samples export``: a folder with ``labels.jsonl``
and ``crops/``. It is personal data: it stays on the machine that trains, and goes when training is
over. ``labelled`` reads all of it, ``real_lines`` what the line reader can learn from.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.training.lines.draw import Pixels

LABELS = "labels.jsonl"
_AS_WRITTEN = frozenset({"name", "text"})
_MOST_LINE_MM = 9.0  # a higher field holds several lines


@dataclass(frozen=True, slots=True)
class Labelled:
    """One field: its picture, what the machine read, what is true.

    ``truth`` is None where people said why there is none (``reason``). ``document`` tells the
    samples of one document from those of others.
    """

    image: Pixels
    document: str
    type: str
    field: str
    kind: str
    truth: str | None
    reason: str | None
    reading: str | None
    confidence: float | None
    height_mm: float  # of the field, without the margin around it

    @property
    def is_wrong(self) -> bool:
        """Whether the machine's reading, if any, was not the truth."""
        return self.reading is not None and self.reading != self.truth

    @property
    def is_held_out(self) -> bool:
        """A tenth of the documents is for measuring; whole documents, as one hand filled them."""
        return _is_held_out(self.document)


def labelled(folder: Path) -> list[Labelled]:
    """Read an export.

    Raises:
        OSError: a file is missing.
        ValueError: a line is no label, or its picture cannot be decoded.
    """
    found = []
    for line in (folder / LABELS).read_text("utf-8").splitlines():
        told = json.loads(line)
        image = _decoded(told["file"], (folder / told["file"]).read_bytes())
        names = ("document", "type", "field", "kind", "truth", "reason", "reading", "confidence")
        known = {name: told[name] for name in names}
        found.append(Labelled(image, height_mm=float(told["height_mm"]), **known))
    return found


@dataclass(frozen=True, slots=True)
class RealLine:
    """A line off real paper, and what stands in it."""

    image: Pixels
    text: str


def real_lines(source: Path, *, held_out: bool) -> list[RealLine]:
    """Read the zip of ``training_lines``, or the folder that a centre's samples were exported to.

    The zip has pictures, and ``lines.tsv`` with file, text, page. A tenth of the pages, or of the
    documents, is held out, for telling when training no longer helps.

    Raises:
        OSError: a file is missing.
        ValueError: a line is no label, or its picture cannot be decoded.
    """
    if source.is_dir():
        return _lines_of_fields(source, held_out=held_out)
    found = []
    with zipfile.ZipFile(source) as lines_zip:
        for row in lines_zip.read("lines.tsv").decode().splitlines()[1:]:
            name, text, page = row.split("\t")
            if _is_held_out(page) is held_out:
                found.append(RealLine(_decoded(name, lines_zip.read(name)), text))
    return found


def _lines_of_fields(folder: Path, *, held_out: bool) -> list[RealLine]:
    """Fields of one line whose value stands on the paper as it is delivered.

    Dates, amounts and NIRs are delivered in another shape than they are written.
    """
    return [
        RealLine(one.image, one.truth)
        for one in labelled(folder)
        if one.truth
        and one.kind in _AS_WRITTEN
        and one.is_held_out is held_out
        and one.height_mm <= _MOST_LINE_MM
    ]


def _is_held_out(page: str) -> bool:
    return sum(page.encode()) % 10 == 3


def _decoded(name: str, data: bytes) -> Pixels:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ValueError(f"{name}: no picture")
    return np.asarray(image, np.uint8)
