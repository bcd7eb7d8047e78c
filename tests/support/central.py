"""Makes documents at the centre for tests: incoming values, stored rows, images."""

import datetime as dt
import hashlib
import io
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from PIL import Image, ImageDraw
from uuid6 import uuid7

from central.db import tables
from central.db.engine import transaction
from central.delivery import failure_store
from central.intake import store as intake_store
from vaguemestre.model.document import IncomingField, IncomingPage, IncomingRef, IncomingRoute
from vaguemestre.model.lot import IncomingDocument

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


def page(data: bytes, index: int = 0, rotation: int = 0, role: str = "front") -> IncomingPage:
    """Refer to one page of a source file."""
    return IncomingPage(
        ref=IncomingRef("lot.tif", index, hashlib.sha256(data).digest()),
        role=role,
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
    *pages: IncomingPage,
    destination: str = "FRAIS_DE_SANTE",
    kind: str = "straight",
    **changes: object,
) -> IncomingDocument:
    """Make a document as the wire would; without pages, of one small TIFF."""
    made = IncomingDocument(
        id=uuid.UUID(str(uuid7())),
        lot_id=uuid.UUID(str(uuid7())),
        lot_name="lot 1",
        position=0,
        site="gien",
        station="poste-1",
        channel="scanner",
        received_at=RECEIVED,
        received_on=RECEIVED.date(),
        fund="45",
        priority=0,
        type="S3110",
        type_confidence=0.98,
        runner_up=None,
        layout="verified",
        route=IncomingRoute(
            kind=kind,
            reasons=(),
            process="FSP",
            pole="Frais de santé",
            destination=destination,
            due_on=dt.date(2026, 11, 10),
            retention="voucher",
        ),
        pages=pages or (page(tiff([picture()]) + next(_numbers).to_bytes(8)),),
        fields=(
            IncomingField("nir", "255081416802538", "2 55 08", 0.99, True, "ok", 0, None),
            IncomingField("total", None, "", 0.0, False, "none", 0, None),
        ),
        marks=(),
        versions={"program": "0.1.0", "model PP-OCRv6": "abc"},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def store(engine: sa.Engine, made: IncomingDocument) -> IncomingDocument:
    """Store a document with what it refers to, as the intake does."""
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO sites (site) VALUES (:site) ON CONFLICT DO NOTHING"),
            {"site": made.site},
        )
    for digest in made.digests:
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
