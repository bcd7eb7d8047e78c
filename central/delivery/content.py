"""The content of a package: its keys and values, and the same facts as XML.

docs/destinations.md lists them in their order, docs/package.xsd is the schema of the XML. Format 1
(``FORMER``) is still written for destinations that ask for it.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from central.delivery.rules import Delivery, Superseded
from central.documents.rules import DeliverableDocument
from vaguemestre.model.document import DeliveryField, DeliveryPage

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


_GROUPS = {"pages": "page", "fields": "field"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(content: Mapping[str, Any]) -> bytes:
    """Write the document; what is None is left out."""
    root = ET.Element("document")
    for name, value in content.items():
        if value is None:
            continue
        if name in _GROUPS:
            group = ET.SubElement(root, name)
            for entry in value:
                ET.SubElement(group, _GROUPS[name], _attributes(entry))
        elif name == "marks":
            _texts(ET.SubElement(root, name), "mark", value)
        elif name == "versions":
            group = ET.SubElement(root, name)
            for part, version in value.items():
                ET.SubElement(group, "version", _attributes({"name": part, "value": version}))
        elif name == "route":
            _texts(ET.SubElement(root, name, {"kind": value["kind"]}), "reason", value["reasons"])
        elif name == "supersedes":
            _supersedes(root, value)
        elif isinstance(value, Mapping):
            ET.SubElement(root, name, _attributes(value))
        else:
            ET.SubElement(root, name).text = _text(value)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _supersedes(root: ET.Element, value: Mapping[str, Any]) -> None:
    plain = {name: told for name, told in value.items() if name != "changed"}
    group = ET.SubElement(root, "supersedes", _attributes(plain))
    for change in value["changed"]:
        ET.SubElement(group, "changed", _attributes(change))


def _texts(parent: ET.Element, name: str, values: list[str]) -> None:
    for value in values:
        ET.SubElement(parent, name).text = _text(value)


def _attributes(entry: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in entry.items() if value is not None}


def _text(value: object) -> str:
    """XML holds no control characters; readers may have seen some."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _NOT_IN_XML.sub("", text)
