"""Makes documents at the centre for tests: incoming values, stored rows, images."""

import datetime as dt
import hashlib
import io
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw
from uuid6 import uuid7

from central.db import tables
from central.db.engine import transaction
from central.delivery import failure_store
from central.documents.store import source_digests
from central.intake import store as intake_store
from vaguemestre.model.document import (
    Channel,
    Check,
    Document,
    Field,
    ImageRef,
    Layout,
    Page,
    PageRole,
    Route,
    RouteKind,
)
from vaguemestre.model.lot import DocumentRecord, Lot, LotReport

_numbers = itertools.count()
"""After the end of a picture: no two documents show the same image unless a test wants it."""

RECEIVED = dt.datetime(2026, 11, 3, 8, 30, tzinfo=dt.UTC)


def picture(mode: str = "1", number: int = 0, size: tuple[int, int] = (416, 586)) -> Image.Image:
    """Draw an A4 page at 50 dpi that differs by number."""
    image = Image.new(mode, size, "white")
    draw = ImageDraw.Draw(image)
    draw.text((30, 30 + 10 * number), f"page {number}", fill="black")
    draw.line((0, 0, 20 + number, 60), fill="black", width=3)
    return image


def tiff(pages: Sequence[Image.Image], **options: object) -> bytes:
    """Encode pages as one multi-page TIFF, G4 unless told otherwise."""
    out = io.BytesIO()
    told = {"compression": "group4", "dpi": (50, 50), **options}
    pages[0].save(out, "TIFF", save_all=True, append_images=list(pages[1:]), **told)
    return out.getvalue()


def page(data: bytes, index: int = 0, rotation: int = 0, role: str = "front") -> Page:
    """Refer to one page of a source file."""
    return Page(
        ref=ImageRef("lot.tif", index, hashlib.sha256(data).hexdigest()),
        role=PageRole(role),
        rotation=rotation,
        skew_deg=0.0,
        dpi=50.0,
        width_mm=210.0,
        height_mm=297.0,
        blur=0.0,
        text="",
        marks=(),
        twin=None,
    )


def document(
    *pages: Page,
    destination: str = "FRAIS_DE_SANTE",
    kind: str = "straight",
    **changes: Any,
) -> DocumentRecord:
    """Make a document as the wire would; without pages, of one small TIFF.

    ``changes`` are of the record, its lot (``lot_id`` and ``lot_name`` its own two) or document.
    """
    made = DocumentRecord(
        id=uuid.UUID(str(uuid7())),
        lot=Lot(
            id=str(uuid7()),
            name="lot 1",
            source="",
            channel=Channel.SCANNER,
            received_at=RECEIVED,
            received_on=RECEIVED.date(),
            fund="45",
            process="",
        ),
        position=0,
        site="gien",
        station="poste-1",
        versions={"program": "0.1.0", "model PP-OCRv6": "abc"},
        document=Document(
            type="S3110",
            type_confidence=0.98,
            runner_up=None,
            layout=Layout.VERIFIED,
            route=Route(
                kind=RouteKind(kind),
                reasons=(),
                process="FSP",
                pole="Frais de santé",
                destination=destination,
                due_on=dt.date(2026, 11, 10),
                retention="voucher",
            ),
            pages=pages or (page(tiff([picture()]) + next(_numbers).to_bytes(8)),),
            fields=(
                Field("nir", "255081416802538", "2 55 08", 0.99, True, Check.OK, 0, None),
                Field("total", None, "", 0.0, False, Check.NONE, 0, None),
            ),
        ),
    )
    return changed(made, **changes)


_OF_THE_RECORD = {"id", "position", "site", "station", "versions"}
_OF_THE_LOT = {"lot_id": "id", "lot_name": "name"} | {
    name: name for name in ("channel", "received_at", "received_on", "fund", "priority")
}


def changed(record: DocumentRecord, **changes: Any) -> DocumentRecord:
    """A document with other values; names as those of ``document``."""
    for name in {"lot_id", "rescan_id"} & changes.keys():
        changes[name] = str(changes[name] or "")
    record = replace(record, **{k: changes.pop(k) for k in _OF_THE_RECORD & changes.keys()})
    of_lot = {_OF_THE_LOT[k]: changes.pop(k) for k in _OF_THE_LOT.keys() & changes.keys()}
    lot, document = replace(record.lot, **of_lot), replace(record.document, **changes)
    return replace(record, lot=lot, document=document)


def report(made: DocumentRecord, pages: int, **changes: Any) -> LotReport:
    """A station's count of a document's lot: of that one document, unless told otherwise."""
    lot = replace(made.lot, process="FSP", expected_pages=pages)
    counted = LotReport(lot, pages, 1, pages, 0, (), "read", made.site, made.station)
    return replace(counted, **changes)


def lot_id(made: DocumentRecord) -> uuid.UUID:
    """The id of a document's lot, as the tables hold it."""
    return uuid.UUID(made.lot.id)


def store(engine: sa.Engine, made: DocumentRecord) -> DocumentRecord:
    """Store a document with what it refers to, as the intake does."""
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO sites (site) VALUES (:site) ON CONFLICT DO NOTHING"),
            {"site": made.site},
        )
    for digest in source_digests(made.document):
        intake_store.blob_stored(engine, digest, 1, made.site)
    assert intake_store.store_document(engine, made) is False
    return made


def copies(engine: sa.Engine, document_id: uuid.UUID, count: int) -> None:
    """Have a document, with its delivery that waits, so many times: without pages or fields."""
    columns = [column.name for column in tables.documents.c]
    copied = ", ".join("gen_random_uuid()" if one == "id" else one for one in columns)
    with transaction(engine) as connection:
        connection.execute(
            sa.text(
                f"INSERT INTO documents ({', '.join(columns)}) SELECT {copied}"  # noqa: S608
                " FROM documents, generate_series(2, :count) WHERE id = :id"
            ),
            {"count": count, "id": document_id},
        )
        connection.execute(
            sa.text(
                "INSERT INTO deliveries (document_id, destination, idempotency_key)"
                " SELECT id, destination, id || '-1' FROM documents WHERE id <> :id"
            ),
            {"id": document_id},
        )


def reroute(engine: sa.Engine, actor: str, document_id: uuid.UUID, destination: str) -> None:
    """Send a document that waits for a person to a destination, as naming does at its end."""
    with transaction(engine) as connection:
        failure_store.send_to(connection, actor, document_id, destination)
