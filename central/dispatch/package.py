"""What a pôle application receives: the original images as PDF, the fields as JSON and XML.

Images go into the PDF as they are (img2pdf), pages of a PDF are picked from it (pikepdf).
Only what a PDF cannot hold (transparency, odd colour spaces) is encoded again, without loss.
Separator sheets stay at the centre: they are not part of anybody's document.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import img2pdf
import pikepdf
from PIL import Image

from central.dispatch.tiff_frame import only_frame
from central.domain.delivery import Delivery, DeliveryPage

_TIFF = (b"II*\0", b"MM\0*")
_LEFT_OUT = "separator"


@dataclass(frozen=True, slots=True)
class Package:
    """The three files, and the names that make their delivery happen once."""

    document_id: str
    idempotency_key: str
    pdf: bytes
    json: bytes
    xml: bytes

    @property
    def files(self) -> dict[str, bytes]:
        """By file name."""
        return {
            f"{self.document_id}.pdf": self.pdf,
            f"{self.document_id}.json": self.json,
            f"{self.document_id}.xml": self.xml,
        }


def build(delivery: Delivery, read_blob: Callable[[bytes], bytes]) -> Package:
    """Make a delivery's package.

    Args:
        delivery: What to deliver.
        read_blob: Gives a source file's bytes by its SHA-256.
    """
    content = _content(delivery)
    return Package(
        document_id=str(delivery.document_id),
        idempotency_key=delivery.idempotency_key,
        pdf=_pdf(delivery, read_blob),
        json=json.dumps(content, ensure_ascii=False, indent=1).encode(),
        xml=_xml(content),
    )


def _content(delivery: Delivery) -> dict[str, Any]:
    pages = [page for page in delivery.pages if page.role != _LEFT_OUT]
    return {
        "id": str(delivery.document_id),
        "type": delivery.type,
        "pole": delivery.pole,
        "process": delivery.process,
        "destination": delivery.destination,
        "site": delivery.site,
        "station": delivery.station,
        "channel": delivery.channel,
        "fund": delivery.fund,
        "lot": {
            "id": str(delivery.lot_id),
            "name": delivery.lot_name,
            "position": delivery.position,
        },
        "received_at": delivery.received_at.isoformat(),
        "received_on": delivery.received_on.isoformat(),
        "due_on": delivery.due_on.isoformat() if delivery.due_on else None,
        "retention": delivery.retention,
        "priority": delivery.priority,
        "marks": list(delivery.marks),
        "versions": dict(delivery.versions),
        "pages": [
            {"number": number, "role": page.role, "sha256": page.sha256.hex(), "index": page.index}
            for number, page in enumerate(pages, start=1)
        ],
        "fields": [
            {
                "name": field.name,
                "value": field.value,
                "confidence": round(field.confidence, 4),
                "check": field.check,
                "accepted": field.accepted,
            }
            for field in delivery.fields
        ],
    }


def _xml(content: dict[str, Any]) -> bytes:
    root = ET.Element("document", id=content["id"], type=content["type"])
    for name, value in content.items():
        if name in ("id", "type"):
            continue
        if name in ("pages", "fields"):
            group = ET.SubElement(root, name)
            for entry in value:
                ET.SubElement(group, name[:-1], {k: _text(v) for k, v in entry.items()})
        elif name == "marks":
            group = ET.SubElement(root, name)
            for mark in value:
                ET.SubElement(group, "mark").text = _text(mark)
        elif isinstance(value, dict):
            ET.SubElement(root, name, {_attribute(k): _text(v) for k, v in value.items()})
        else:
            ET.SubElement(root, name).text = _text(value)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _attribute(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


def _text(value: object) -> str:
    """XML holds no control characters; readers may have seen some."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")


def _pdf(delivery: Delivery, read_blob: Callable[[bytes], bytes]) -> bytes:
    with pikepdf.new() as made:
        for page in delivery.pages:
            if page.role == _LEFT_OUT:
                continue
            with pikepdf.open(io.BytesIO(_page_pdf(page, read_blob(page.sha256)))) as source:
                # An image became a PDF of one page; a PDF source keeps all of its own.
                picked = source.pages[page.index if page.index < len(source.pages) else 0]
                made.pages.append(picked)
                last = made.pages[-1]
                turned = (int(last.get("/Rotate", 0)) + page.rotation) % 360
                last.Rotate = turned
        out = io.BytesIO()
        made.save(out, deterministic_id=True)
        return out.getvalue()


def _page_pdf(page: DeliveryPage, data: bytes) -> bytes:
    if b"%PDF-" in data[:1024]:
        return data
    image = only_frame(data, page.index) if data[:4] in _TIFF else data
    try:
        made: bytes = img2pdf.convert(image, rotation=img2pdf.Rotation.ifvalid)
    except Exception:  # img2pdf and Pillow share no base for "this cannot go in as it is"
        made = img2pdf.convert(_as_png(image))
    return made


def _as_png(data: bytes) -> bytes:
    """Decode and encode again without loss, transparency over white."""
    with Image.open(io.BytesIO(data)) as image:
        dpi = image.info.get("dpi", (200, 200))
        if "A" in image.getbands() or "transparency" in image.info:
            flat = Image.new("RGBA", image.size, "white")
            flat.alpha_composite(image.convert("RGBA"))
            plain: Image.Image = flat.convert("RGB")
        else:
            plain = image.convert("RGB")
    out = io.BytesIO()
    plain.save(out, "PNG", dpi=tuple(float(value) or 200.0 for value in dpi))
    return out.getvalue()
