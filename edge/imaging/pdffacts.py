"""Facts of a PDF's own objects that its renderer does not tell; nothing is decoded or run.

A file that cannot be read this way has no such facts: it is rendered as it would be without them.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from edge.imaging.sniff import as_file, sniff
from edge.imaging.source import Data

_MOST_XOBJECTS = 2_000  # looked at, of a page
_MOST_ATTACHMENTS = 100
_MOST_FIELDS = 10_000
_DEPTH = 5
_UNITS = (0.01, 1_000.0)  # times 1/72 inch, that a page may be measured in
_HEAD_BYTES = 2_048

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Of one page: its unit in 1/72 inch, and the size of each finer mask by its image's size."""

    user_unit: float = 1.0
    masks: Mapping[Size, Size] = field(default_factory=dict)


class PdfFacts:
    """The objects of a PDF file; close after use."""

    def __init__(self, data: Data) -> None:
        self._pdf: Any = None
        with contextlib.suppress(Exception):  # qpdf raises of every kind for damaged files
            self._pdf = pikepdf.open(as_file(data))

    def page(self, index: int) -> PageFacts:
        """What a page says of itself; the usual where it says nothing or nonsense."""
        if self._pdf is None:
            return PageFacts()
        try:
            page = self._pdf.pages[index].obj
            unit = float(page.get("/UserUnit", 1))
            masks = dict(_masks(page.get("/Resources"), _DEPTH))
        except Exception:  # a damaged page; the renderer has its own word on it
            return PageFacts()
        return PageFacts(unit if _UNITS[0] <= unit <= _UNITS[1] else 1.0, masks)

    @property
    def is_portfolio(self) -> bool:
        """Whether the pages are but a cover over attached files."""
        return bool(self._read(lambda pdf: "/Collection" in pdf.Root and len(pdf.attachments) > 0))

    @property
    def has_fields(self) -> bool:
        """Whether its form has any field of its own, beside a dynamic form's template."""
        return bool(self._read(lambda pdf: len(pdf.Root.AcroForm.get("/Fields", [])) > 0))

    @property
    def holds_documents(self) -> bool:
        """Whether a file that would be read by itself is attached, to the file or to a page."""
        return bool(self._read(_any_document))

    def _read(self, question: Any) -> Any:
        try:
            return question(self._pdf) if self._pdf is not None else None
        except Exception:
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._pdf is not None:
            self._pdf.close()
            self._pdf = None


def _masks(resources: Any, depth: int) -> Iterator[tuple[Size, Size]]:
    if resources is None or depth == 0:
        return
    for number, item in enumerate(dict(resources.get("/XObject", {})).values()):
        if number >= _MOST_XOBJECTS:
            return
        if item.get("/Subtype") == "/Form":
            yield from _masks(item.get("/Resources"), depth - 1)
            continue
        for key in ("/SMask", "/Mask"):
            mask = item.get(key)
            if isinstance(mask, pikepdf.Stream):
                yield _size(item), _size(mask)


def _size(image: Any) -> Size:
    return int(image.get("/Width", 0)), int(image.get("/Height", 0))


def _any_document(pdf: Any) -> bool:
    return any(sniff(head) is not None for head in _heads(pdf))


def _heads(pdf: Any) -> Iterator[bytes]:
    """First bytes of the attached files."""
    specs = [
        spec.obj
        for _, spec in zip(range(_MOST_ATTACHMENTS), pdf.attachments.values(), strict=False)
    ]
    for page in list(pdf.pages)[:_MOST_ATTACHMENTS]:
        notes = page.obj.get("/Annots", [])
        specs += [note.FS for note in notes if note.get("/Subtype") == "/FileAttachment"]
    for spec in specs[:_MOST_ATTACHMENTS]:
        for stream in spec.get("/EF", {}).values():
            yield bytes(stream.read_bytes()[:_HEAD_BYTES])
