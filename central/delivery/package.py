"""What a pôle application receives: the original images as PDF, the fields as JSON and XML.

docs/destinations.md describes them to applications, docs/package.xsd is the schema of the XML.
Separator sheets, and pages that were scanned again, stay at the centre. The same delivery always
makes the same bytes, so that a second one can be recognised. The PDF is made in a confined process
(central/rendering/binding.py) and grows on the disk, so that a package of a thousand pages needs no
such memory, and no byte that a stranger wrote is parsed here.
"""

import contextlib
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from central.delivery.content import FORMAT, to_xml, told
from central.delivery.rules import Delivery
from central.rendering.binding import Binder

_PIECE_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Part:
    """See the module; ``size`` in bytes, ``sha256`` in hex."""

    size: int
    sha256: str
    _data: bytes | None = None
    _path: Path | None = None

    @classmethod
    def of_bytes(cls, data: bytes) -> "Part":
        """Make a part of what is in memory."""
        return cls(len(data), hashlib.sha256(data).hexdigest(), data)

    @classmethod
    def of_file(cls, path: Path) -> "Part":
        """Make a part of a file that stays as it is.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path.stat().st_size, digest, None, path)

    def open(self) -> BinaryIO:
        """Open it; the caller closes it.

        Raises:
            OSError: it cannot be read.
        """
        if self._path is not None:
            return self._path.open("rb")
        return io.BytesIO(self._data or b"")

    def pieces(self) -> Iterator[bytes]:
        """Give its bytes, at most a megabyte at a time; the same error as ``open``."""
        with self.open() as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece

    def read(self) -> bytes:
        """Give all of it; the same error as ``open``."""
        return b"".join(self.pieces())


class Pieces:
    """See the module; use it in a ``with``.

    Args:
        folder: Where it may write; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "Pieces":
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own = tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True)
        self._count = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._own.cleanup()

    def new_file(self) -> Path:
        """Name a file that does not exist yet and goes with the rest."""
        self._count += 1
        return Path(self._own.name) / str(self._count)


_LEFT_OUT = frozenset({"separator", "replaced"})


@dataclass(frozen=True, slots=True)
class Package:
    """The three files, and the key that makes their delivery happen once.

    ``content`` is the digest in hex of what the key stands for; empty: unknown.
    """

    document_id: str
    idempotency_key: str
    pdf: Part
    json: Part
    xml: Part
    content: str = ""

    @property
    def files(self) -> Mapping[str, Part]:
        """Parts by file name, in the order pdf, json, xml."""
        return {
            f"{self.document_id}.pdf": self.pdf,
            f"{self.document_id}.json": self.json,
            f"{self.document_id}.xml": self.xml,
        }


@contextlib.contextmanager
def built(
    delivery: Delivery,
    open_source: Callable[[bytes], BinaryIO],
    binder: Binder,
    folder: Path,
    *,
    logical: Collection[str] = frozenset(),
    form: str = FORMAT,
) -> Iterator[Package]:
    """Lend a delivery's package; its PDF lies in ``folder`` meanwhile.

    Args:
        delivery: What to deliver.
        open_source: Opens a source file by its SHA-256.
        binder: Makes the PDF.
        folder: For files that nobody needs afterwards.
        logical: Names of the fields that hold true or false.
        form: one of central/delivery/content.py; the former for an application that knows no other.

    Raises:
        ValueError: a page cannot be put into a PDF.
        CentralError: a source file cannot be had.
        OSError: no room in ``folder``.
    """
    document = delivery.document
    pages = [page for page in document.pages if page.role not in _LEFT_OUT]
    content = told(delivery, pages, logical, form)
    with Pieces(folder) as pieces:
        yield Package(
            document_id=str(document.id),
            idempotency_key=delivery.claim.idempotency_key,
            pdf=Part.of_file(
                binder.bind(pages, open_source, (pieces.new_file(), pieces.new_file()))
            ),
            json=Part.of_bytes(json.dumps(content, ensure_ascii=False, indent=1).encode()),
            xml=Part.of_bytes(to_xml(content)),
            content=delivery.content.hex(),
        )
