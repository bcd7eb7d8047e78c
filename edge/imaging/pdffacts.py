"""Facts of a PDF's own objects that its renderer does not tell; nothing is decoded or run.

A file that cannot be read this way has no such facts: it is rendered as it would be without them.
"""

import contextlib
import itertools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from edge.errors import PageTooLarge
from edge.imaging.sniff import Kind, as_file, sniff
from edge.imaging.source import Data

_MOST_XOBJECTS = 2_000  # looked at, of a page
_MOST_ANNOTATED_PAGES = 1_000  # of a file, looked at for files attached to them
_DEPTH = 5
_UNITS = (0.01, 1_000.0)  # times 1/72 inch, that a page may be measured in
_HEAD_BYTES = 2_048
_BOM = b"\xef\xbb\xbf"

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Of one page: its unit in 1/72 inch, and the size of each finer mask by its image's size."""

    user_unit: float = 1.0
    masks: Mapping[Size, Size] = field(default_factory=dict)


class Attached:
    """One file attached to a PDF."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def kind(self) -> Kind | None:
        """Of its content; None for one that is not read, or cannot be unpacked."""
        try:
            return sniff(self._head())
        except Exception:
            return None

    @property
    def is_data(self) -> bool:
        """Whether it is nothing, or what only programs read: the XML of an invoice."""
        try:
            return self._head().removeprefix(_BOM).lstrip()[:1] in (b"", b"<")
        except Exception:
            return False

    def _head(self) -> bytes:
        if self._stream.get("/Filter") == "/FlateDecode":
            packed = bytes(self._stream.read_raw_bytes()[:_HEAD_BYTES])
            return zlib.decompressobj().decompress(packed, _HEAD_BYTES)
        return bytes(self._stream.read_bytes()[:_HEAD_BYTES])

    def content(self, most: int) -> bytes:
        """All of it.

        Raises:
            PageTooLarge: more than ``most`` bytes.
        """
        if self._stream.get("/Filter") == "/FlateDecode" and "/DecodeParms" not in self._stream:
            return _inflated(bytes(self._stream.read_raw_bytes()), most)
        made = bytes(self._stream.read_bytes())
        if len(made) > most:
            raise PageTooLarge(f"an attached file of {len(made)} bytes")
        return made


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
    def attached(self) -> tuple[Attached, ...]:
        """The files attached to the document and then to its pages, each once, in their order."""
        return self._read(lambda pdf: tuple(_attached(pdf))) or ()

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


def _attached(pdf: Any) -> Iterator[Attached]:
    specs = [spec.obj for spec in pdf.attachments.values()]
    for page in itertools.islice(pdf.pages, _MOST_ANNOTATED_PAGES):
        specs += _in_notes(page.obj.get("/Annots"))
    seen: set[tuple[int, int]] = set()
    for spec in specs:
        files = spec.get("/EF")
        stream = files.get("/F", files.get("/UF")) if _is_dictionary(files) else None
        if isinstance(stream, pikepdf.Stream) and stream.objgen not in seen:
            seen.add(stream.objgen)
            yield Attached(stream)


def _in_notes(notes: Any) -> list[Any]:
    """What the notes of a page say of files; a note without its file hides no other one."""
    found = notes if isinstance(notes, pikepdf.Array) else ()
    specs = [
        note.get("/FS")
        for note in found
        if _is_dictionary(note) and note.get("/Subtype") == "/FileAttachment"
    ]
    return [spec for spec in specs if _is_dictionary(spec)]


def _is_dictionary(item: Any) -> bool:
    return isinstance(item, pikepdf.Dictionary)


def _inflated(packed: bytes, most: int) -> bytes:
    inflating = zlib.decompressobj()
    made = inflating.decompress(packed, most)
    if inflating.unconsumed_tail:
        raise PageTooLarge(f"an attached file of more than {most} bytes")
    return made
