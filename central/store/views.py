"""One page of a document, for somebody to look at; a look is audited once in a while."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from central.domain.access import Person, Role
from central.domain.document import NEGATIVE
from central.errors import Forbidden, NotFound
from central.store import audit
from central.store.engine import transaction
from central.store.tables import audit as audit_table
from central.store.tables import documents, leases, pages

_ONE_LOOK = dt.timedelta(minutes=10)
_VIEWED = "document_viewed"
SEE_ANY = (Role.SUPERVISOR, Role.OPERATIONS)
"""Who sees pages of documents that they do not hold."""


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Which image a page is, and how it is turned; lengths in millimetres."""

    sha256: bytes
    index: int
    rotation: int
    skew_deg: float
    width_mm: float
    height_mm: float
    is_negative: bool = False  # of dark paper and light ink: it is shown turned over

    @property
    def version(self) -> str:
        """Names what is seen: part of its address, so that no stale image is shown."""
        return version(self.sha256, self.index, self.rotation)


def version(sha256: bytes, index: int, rotation: int) -> str:
    """Name one image as it is turned."""
    return f"{sha256.hex()[:12]}-{index}-{rotation}"


def page(engine: sa.Engine, person: Person, document_id: uuid.UUID, number: int) -> SeenPage:
    """Find a page that somebody wants to see.

    Who only keys sees what they hold: an id is no reason to read mail.

    Raises:
        Forbidden: it is of another site or pôle, or a keyer does not hold it.
        NotFound: there is none.
        StoreUnavailable: the database does not answer.
    """
    p, c = pages.c, documents.c
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(
                p.sha256, p.file_index, p.rotation, p.skew_deg, p.width_mm, p.height_mm, p.marks,
                c.site, c.pole,
            )
            .join(documents, c.id == p.document_id)
            .where(p.document_id == document_id, p.number == number)
        ).one_or_none()  # fmt: skip
        if row is None:
            raise NotFound(f"page {number}")
        if not person.may_see(row.site, row.pole):
            raise Forbidden(str(document_id))
        is_held = sa.exists().where(
            leases.c.document_id == document_id, leases.c.person_id == person.id
        )
        if not person.has_any(SEE_ANY) and not connection.scalar(sa.select(is_held)):
            raise Forbidden(str(document_id))
        looked(connection, person, document_id, "image")
    return SeenPage(
        bytes(row.sha256),
        row.file_index,
        row.rotation,
        row.skew_deg,
        row.width_mm,
        row.height_mm,
        NEGATIVE in row.marks,
    )


def looked(connection: sa.Connection, person: Person, document_id: uuid.UUID, why: str) -> None:
    """Audit that somebody looks at a document, unless they have a moment ago."""
    a = audit_table.c
    is_known = connection.scalar(
        sa.select(
            sa.exists().where(
                a.subject == str(document_id),
                a.actor == person.actor,
                a.action == _VIEWED,
                a.at > sa.func.now() - _ONE_LOOK,
            )
        )
    )
    if not is_known:
        audit.record(connection, person.actor, _VIEWED, str(document_id), why=why)
