"""Mail at a centre without a station: drawn pages, stored as the intake stores them."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw, ImageFont
from uuid6 import uuid7

from central import blobs
from tests.support.central import changed, document, page, store
from vaguemestre.model.document import BoxMm, Check, Field, Route, RouteKind
from vaguemestre.model.lot import DocumentRecord

_DPI = 150
_WIDTH_MM, _HEIGHT_MM = 210.0, 297.0
_MM = _DPI / 25.4


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled value on a drawn page; ``read`` is what the station made of it."""

    name: str
    label: str
    written: str
    read: str | None = None
    accepted: bool = False


def sheet(title: str, lines: tuple[Line, ...] = ()) -> bytes:
    """Draw a page and encode it as a scanner does: one bitonal TIFF, G4."""
    image = Image.new("L", (round(_WIDTH_MM * _MM), round(_HEIGHT_MM * _MM)), 255)
    draw = ImageDraw.Draw(image)
    draw.text((20 * _MM, 20 * _MM), title, fill=0, font=ImageFont.load_default(42))
    for number, line in enumerate(lines):
        left, top, _, _ = box_of(number)
        label = f"{line.label} :"
        draw.text((20 * _MM, top * _MM), label, fill=0, font=ImageFont.load_default(26))
        draw.text((left * _MM, top * _MM), line.written, fill=0, font=ImageFont.load_default(30))
    out = io.BytesIO()
    image.point(lambda v: 255 * (v > 128)).convert("1").save(
        out, "TIFF", compression="group4", dpi=(_DPI, _DPI)
    )
    return out.getvalue()


def box_of(number: int) -> BoxMm:
    """Where the value of a line stands, in millimetres."""
    return BoxMm(85.0, 45.0 + 14.0 * number, 95.0, 8.0)


class Post:
    """Stores documents at a centre whose database and image folder are at hand."""

    def __init__(self, engine: sa.Engine, images: Path) -> None:
        self._engine, self._blobs = engine, blobs.folder_store(images)
        self.lot = str(uuid7())
        self._position = self._scans = 0

    def move_to(self, engine: sa.Engine) -> None:
        """Go on with a database that was started again."""
        self._engine = engine

    def deliver(
        self,
        title: str,
        *lines: Line,
        kind: str,
        code: str = "unknown",
        pages: int = 1,
        reasons: tuple[str, ...] = (),
        way: tuple[str, str] = ("Flux entrants", "FLUX_ENTRANTS"),
        again: bool = False,
        **changes: object,
    ) -> DocumentRecord:
        """Store one document; further pages carry the title and their number.

        No two scans are alike to the last bit, unless the same files come ``again``.
        ``way`` is pôle and destination, as the station's plan says; ``changes`` are those of
        ``tests.support.central.document``.
        """
        sources = [sheet(title, lines)]
        sources += [sheet(f"{title}, page {n + 2}") for n in range(pages - 1)]
        self._scans += not again
        sources = [source + b"%d" % self._scans for source in sources]
        for source in sources:
            self._keep(source)
        fields = tuple(
            Field(one.name, one.read, one.read or "", 0.6, one.accepted, Check.NONE, 0, box_of(n))
            for n, one in enumerate(lines)
        )
        route = Route(RouteKind(kind), reasons, "AUTRE", *way, None, "rights")
        told: dict[str, Any] = {
            "type": code,
            "type_confidence": 0.5,
            "layout": None,
            "route": route,
            "fields": fields,
            "lot_id": self.lot,
            "lot_name": "courrier 1",
            "position": self._position,
        }
        made = changed(document(*(page(source) for source in sources)), **{**told, **changes})
        self._position += 1
        return store(self._engine, made)

    def _keep(self, source: bytes) -> None:
        digest = hashlib.sha256(source).digest()
        if not self._blobs.has(digest):
            with self._blobs.receive(digest, len(source)) as into:
                into.write(source)
                into.commit()
