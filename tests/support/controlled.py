"""Documents with readable fields, drawn for the blind control, delivered; for tests of quality."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from uuid6 import uuid7

from central.blobs import BlobStore
from central.db.engine import transaction
from central.delivery import store as delivery_store
from central.documents.store import source_digests
from central.intake import store as intake_store
from central.quality.rules import SamplingPolicy
from tests.support.central import document, page, picture, tiff
from tests.support.keyers import PLAN
from vaguemestre.model.document import BoxMm, Check, Field
from vaguemestre.model.lot import DocumentRecord
from vaguemestre.model.plan import DocumentType

POLE = "FRAIS_DE_SANTE"
ALL = SamplingPolicy(share=1.0)
NIR, SURNAME, TOTAL = "255081416802538", "DUPRE", "26.50"


def entry_of(code: str, fund: str) -> DocumentType:
    """As the console looks types up."""
    return PLAN.of(code, fund)


def read(name: str, value: str | None, place: int, **changes: Any) -> Field:
    """One field on the first page, as a station reads it."""
    box = BoxMm(20.0, 20.0 + 12 * place, 60.0, 7.0)
    made = Field(name, value, value or "", 0.99, value is not None, Check.OK, 0, box)
    return replace(made, **changes)


def controlled(**changes: Any) -> DocumentRecord:
    """A straight-through S3110 with three accepted values and one that nobody read."""
    told: dict[str, Any] = {
        "id": uuid.UUID(str(uuid7())),
        "fields": (
            read("nir", NIR, 0),
            read("insured_name", SURNAME, 1, confidence=0.97),
            read("total", TOTAL, 2, confidence=0.95),
            read("employer_siret", None, 3),
        ),
        **changes,
    }
    return document(page(_scan(told["id"])), **told)


def _scan(document_id: object) -> bytes:
    """A document's image, unlike any other's: the same one twice would be a duplicate."""
    data = tiff([picture(number=3, size=(1_654, 2_339))], dpi=(200, 200))
    return data + str(document_id).encode()


def put(
    engine: sa.Engine,
    made: DocumentRecord,
    *,
    blobs: BlobStore | None = None,
    drawing: SamplingPolicy | None = ALL,
) -> DocumentRecord:
    """Store a document as the intake does, with its image if there is a place for it."""
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO sites (site) VALUES (:site) ON CONFLICT DO NOTHING"),
            {"site": made.site},
        )
    data = _scan(made.id)
    digest = hashlib.sha256(data).digest()
    if blobs is not None and not blobs.has(digest):
        with blobs.receive(digest, len(data)) as incoming:
            incoming.write(data)
            incoming.commit()
    for wanted in source_digests(made.document):
        intake_store.blob_stored(engine, wanted, len(data), made.site)
    intake_store.store_document(engine, made, drawing)
    return made


def deliver(engine: sa.Engine) -> Mapping[uuid.UUID, Mapping[str, str | None]]:
    """Hand over everything that is due; the values of each document as its pôle got them."""
    got: dict[uuid.UUID, Mapping[str, str | None]] = {}
    while (claimed := delivery_store.claim_next(engine, "test", [POLE], 60.0)) is not None:
        told = claimed.document
        got[told.id] = {field.name: field.value for field in told.fields}
        delivery_store.record_delivered(engine, claimed.claim, "receipt")
    return got
