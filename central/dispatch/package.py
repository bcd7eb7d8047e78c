"""What a pôle application receives: the original images as PDF, the fields as JSON and XML.

docs/destinations.md tells applications what is in them, docs/package.xsd checks the XML.
Separator sheets, and pages that were scanned again, stay at the centre. The same document
always makes the same bytes, so that a second delivery can be recognised.
"""

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import pikepdf

from central.dispatch.package_xml import to_xml
from central.dispatch.page_pdf import PageWriter
from central.domain.document import DeliverableDocument, Delivery, DeliveryPage

FORMAT = "vaguemestre-package/1"
_LEFT_OUT = frozenset({"separator", "replaced"})


@dataclass(frozen=True, slots=True)
class Package:
    """The three files, and the key that makes their delivery happen once."""

    document_id: str
    idempotency_key: str
    pdf: bytes
    json: bytes
    xml: bytes

    @property
    def files(self) -> Mapping[str, bytes]:
        """Content by file name, in the order pdf, json, xml."""
        return {
            f"{self.document_id}.pdf": self.pdf,
            f"{self.document_id}.json": self.json,
            f"{self.document_id}.xml": self.xml,
        }


def build(delivery: Delivery, open_source: Callable[[bytes], BinaryIO]) -> Package:
    """Make a delivery's package.

    Args:
        delivery: What to deliver.
        open_source: Opens a source file by its SHA-256.

    Raises:
        ValueError: a page cannot be put into a PDF.
        CentralError: a source file cannot be had.
    """
    document = delivery.document
    pages = [page for page in document.pages if page.role not in _LEFT_OUT]
    content = _content(document, pages, delivery.claim.destination)
    return Package(
        document_id=str(document.id),
        idempotency_key=delivery.claim.idempotency_key,
        pdf=_pdf(pages, open_source),
        json=json.dumps(content, ensure_ascii=False, indent=1).encode(),
        xml=to_xml(content),
    )


def _content(
    document: DeliverableDocument, pages: list[DeliveryPage], destination: str
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "id": str(document.id),
        "type": document.type,
        "type_confidence": round(document.type_confidence, 4),
        "runner_up": document.runner_up,
        "layout": document.layout,
        "pole": document.pole,
        "process": document.process,
        "destination": destination,
        "site": document.site,
        "station": document.station,
        "channel": document.channel,
        "fund": document.fund,
        "received_at": document.received_at.isoformat(),
        "received_on": document.received_on.isoformat(),
        "due_on": document.due_on.isoformat() if document.due_on else None,
        "retention": document.retention,
        "priority": document.priority,
        "lot": {
            "id": str(document.lot_id),
            "name": document.lot_name,
            "position": document.position,
        },
        "route": {"kind": document.route, "reasons": list(document.route_reasons)},
        "marks": list(document.marks),
        "versions": dict(document.versions),
        "counts": {
            "pages": len(pages),
            "fields": len(document.fields),
            "accepted_fields": sum(field.accepted for field in document.fields),
        },
        "pages": [
            {
                "number": number,
                "role": page.role,
                "file": page.file,
                "index": page.index,
                "sha256": page.sha256.hex(),
            }
            for number, page in enumerate(pages, start=1)
        ],
        "fields": [
            {
                "name": field.name,
                "value": field.value,
                "confidence": round(field.confidence, 4),
                "check": field.check,
                "accepted": field.accepted,
                "source": field.source,
                "reason": field.reason,
            }
            for field in document.fields
        ],
    }


def _pdf(pages: list[DeliveryPage], open_source: Callable[[bytes], BinaryIO]) -> bytes:
    with contextlib.ExitStack() as opened:
        made = opened.enter_context(pikepdf.new())
        writer = PageWriter(made, open_source, opened)
        for page in pages:
            writer.append(page)
        out = io.BytesIO()
        try:
            made.save(out, deterministic_id=True)
        except pikepdf.PdfError as error:
            raise ValueError("a page of a damaged PDF") from error
        return out.getvalue()
