"""Pages of files attached to a PDF: a station numbers them behind the PDF's own.

Page ``i`` of attached file ``k`` (from 1) has the index ``k * ATTACHED_FROM + i``. Files are
counted as they are attached to the document, then to its pages, each once.
"""

import io
import itertools
import zlib
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, cast

import pikepdf

ATTACHED_FROM = 100_000
_MOST_ANNOTATED_PAGES = 1_000
_MOST_BYTES = 200_000_000


def is_attached(index: int) -> bool:
    """Whether a page of a PDF lies in a file attached to it."""
    return index >= ATTACHED_FROM


def opened(file: IO[bytes], index: int) -> tuple[BinaryIO, int]:
    """The attached file that a page lies in, and the page's index there.

    Raises:
        ValueError: there is none, or it is too large or damaged.
    """
    number, inner = divmod(index, ATTACHED_FROM)
    try:
        with pikepdf.open(cast(BinaryIO, file)) as pdf:
            stream = next(itertools.islice(_streams(pdf), number - 1, None), None)
            if stream is None:
                raise ValueError("no such attached file")
            return io.BytesIO(_content(stream)), inner
    except ValueError:
        raise
    except Exception as error:  # qpdf raises of every kind for damaged files
        raise ValueError(type(error).__name__) from error


def _streams(pdf: pikepdf.Pdf) -> Iterator[Any]:
    specs: list[Any] = [spec.obj for spec in pdf.attachments.values()]
    for page in itertools.islice(pdf.pages, _MOST_ANNOTATED_PAGES):
        specs += _in_notes(page.obj.get("/Annots"))
    seen: set[tuple[int, int]] = set()
    for spec in specs:
        files = spec.get("/EF")
        stream = files.get("/F", files.get("/UF")) if _is_dictionary(files) else None
        if isinstance(stream, pikepdf.Stream) and stream.objgen not in seen:
            seen.add(stream.objgen)
            yield stream


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


def _content(stream: Any) -> bytes:
    if stream.get("/Filter") == "/FlateDecode" and "/DecodeParms" not in stream:
        inflating = zlib.decompressobj()
        made = inflating.decompress(bytes(stream.read_raw_bytes()), _MOST_BYTES)
        if inflating.unconsumed_tail:
            raise ValueError("too large")
        return made
    made = bytes(stream.read_bytes())
    if len(made) > _MOST_BYTES:
        raise ValueError("too large")
    return made
