"""A document as a station sent it, as rows of the tables."""

from typing import Any

from central.domain.incoming import IncomingDocument, IncomingRef

Row = dict[str, Any]


def document_row(document: IncomingDocument) -> Row:
    """The document's own row, but for its state."""
    route = document.route
    return {
        "id": document.id,
        "lot_id": document.lot_id,
        "position": document.position,
        "site": document.site,
        "station": document.station,
        "channel": document.channel,
        "received_at": document.received_at,
        "received_on": document.received_on,
        "fund": document.fund,
        "type": document.type,
        "type_confidence": document.type_confidence,
        "runner_up": document.runner_up,
        "layout": document.layout,
        "route": route.kind,
        "route_reasons": list(route.reasons),
        "process": route.process,
        "pole": route.pole,
        "destination": route.destination,
        "due_on": route.due_on,
        "retention": route.retention,
        "marks": list(document.marks),
        "versions": dict(document.versions),
        "priority": document.priority,
        "page_count": len(document.pages),
    }


def page_rows(document: IncomingDocument) -> list[Row]:
    """A row for each page, in order."""
    nothing = IncomingRef("", 0, b"")
    return [
        {
            "document_id": document.id,
            "number": number,
            "file": page.ref.file,
            "file_index": page.ref.index,
            "sha256": page.ref.sha256,
            "role": page.role,
            "rotation": page.rotation,
            "skew_deg": page.skew_deg,
            "dpi": page.dpi,
            "width_mm": page.width_mm,
            "height_mm": page.height_mm,
            "blur": page.blur,
            "text": page.text,
            "marks": list(page.marks),
            "twin_file": (page.twin or nothing).file or None,
            "twin_index": page.twin.index if page.twin else None,
            "twin_sha256": (page.twin or nothing).sha256 or None,
        }
        for number, page in enumerate(document.pages)
    ]


def field_rows(document: IncomingDocument) -> list[Row]:
    """A row for each field, in order."""
    return [
        {
            "document_id": document.id,
            "position": position,
            "name": field.name,
            "value": field.value,
            "raw": field.raw,
            "confidence": field.confidence,
            "accepted": field.accepted,
            "check_result": field.check,
            "page": field.page,
            "box_mm": list(field.box_mm) if field.box_mm else None,
        }
        for position, field in enumerate(document.fields)
    ]
