"""What a pôle application receives: the original images as PDF, the fields as JSON and XML.

docs/destinations.md tells applications what is in them, docs/package.xsd checks the XML.
Separator sheets, and pages that were scanned again, stay at the centre. The same delivery
always makes the same bytes, so that a second one can be recognised. The PDF is made in a confined
process (central/rendering/binding.py), which writes it to the disk as it grows, and handed over
from there: no byte that a stranger wrote is parsed here.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from central.dispatch.content import FORMAT, told
from central.dispatch.package_xml import to_xml
from central.dispatch.part import Part
from central.dispatch.pieces import Pieces
from central.domain.document import Delivery
from central.rendering.binding import Binder

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
        form: one of central/dispatch/content.py; the former for an application that knows no other.

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
