"""What a package tells of its document: keys and values, before they are JSON or XML."""

from collections.abc import Collection
from typing import Any

from central.domain.document import (
    DeliverableDocument,
    Delivery,
    DeliveryField,
    DeliveryPage,
    Superseded,
)

FORMAT = "vaguemestre-package/2"
FORMER = "vaguemestre-package/1"
_LOGICAL = {"true": True, "false": False}


def told(
    delivery: Delivery, pages: list[DeliveryPage], logical: Collection[str], form: str
) -> dict[str, Any]:
    """Tell a delivery with some pages of its document, in the order of docs/destinations.md."""
    document = delivery.document
    found: dict[str, Any] = {"format": form, "id": str(document.id)}
    if form != FORMER:
        found |= {
            "round": delivery.claim.round,
            "content_sha256": delivery.content.hex() or None,
            "supersedes": _superseded(delivery.supersedes),
        }
    found |= _facts(document, delivery.claim.destination, pages)
    found["fields"] = [
        _former_field(field) if form == FORMER else _field(field, field.name in logical)
        for field in document.fields
    ]
    return found


def _facts(
    document: DeliverableDocument, destination: str, pages: list[DeliveryPage]
) -> dict[str, Any]:
    return {
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
    }


def _superseded(one: Superseded | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "round": one.round,
        "idempotency_key": one.idempotency_key,
        "cause": one.cause,
        "changed": [{"what": change.what, "by": change.by} for change in one.changed],
    }


def _field(field: DeliveryField, is_logical: bool) -> dict[str, Any]:
    value: str | bool | None = field.value
    if is_logical and field.value is not None:
        value = _LOGICAL.get(field.value, field.value)
    told = _former_field(field)
    return {"name": told.pop("name"), "state": state_of(field)} | told | {"value": value}


def state_of(field: DeliveryField) -> str:
    """Tell why a field has a value or none.

    ``value``; ``empty``: nothing stands there; ``illegible`` and ``wrong_on_paper``: a person
    said so; ``unread``: something may stand there, and nobody has read it.
    """
    if field.value:
        return "value"
    if field.reason in ("illegible", "wrong_on_paper"):
        return str(field.reason)
    return "empty" if field.reason == "absent" or field.accepted else "unread"


def _former_field(field: DeliveryField) -> dict[str, Any]:
    return {
        "name": field.name,
        "value": field.value,
        "confidence": round(field.confidence, 4),
        "check": field.check,
        "accepted": field.accepted,
        "source": field.source,
        "reason": field.reason,
    }
