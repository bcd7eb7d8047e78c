"""Documents that people look for; every search for personal data leaves a line in the audit."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person
from central.accounts.scope import scope_conditions
from central.db import audit
from central.db.engine import transaction
from central.db.tables import documents, fields, lots
from central.lots.store import ids_named

Rows = Sequence[sa.RowMapping]

_LOTS = 100
_c = documents.c
_IS_A_NIR = sa.text("name IN ('nir', 'insured_nir')")
"""As the partial index says it, so that it is used."""


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """What is looked for; empty and None: anything.

    ``before`` is the (day of receipt, id) of the last document of the page before. Dates are of
    receipt.
    """

    nirs: Collection[str] = ()
    lot: str = ""
    ids: tuple[uuid.UUID, uuid.UUID] | None = None
    type: str = ""
    site: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    before: tuple[dt.date, uuid.UUID] | None = None


def find_documents(engine: sa.Engine, person: Person, wanted: SearchFilter, limit: int) -> Rows:
    """The documents that the person may see, the last received first, and record the search.

    Of a lot's name only the newest hundred lots are looked through. The audit trail gets what was
    looked for but a NIR, of which it says only that it was one, and the ids of the documents shown.

    Raises:
        StoreUnavailable: nothing was found, nothing recorded.
    """
    with transaction(engine) as connection:
        where = [*_conditions(wanted), *scope_conditions(person.scope, _c.site, _c.pole)]
        if wanted.lot:
            known = ids_named(
                connection, wanted.lot, _LOTS, *scope_conditions(person.scope, lots.c.site)
            )
            where.append(_c.lot_id.in_(known))
        found = connection.execute(_shown(_newest(person, wanted, where, limit), limit))
        rows = found.mappings().all()
        audit.record(
            connection,
            person.actor,
            "documents_searched",
            "search",
            by=_told(wanted),
            shown=[str(row["id"]) for row in rows],
        )
    return rows


def lots_found(engine: sa.Engine, person: Person, wanted: SearchFilter, limit: int) -> Rows:
    """Lots whose name or id begins as wanted, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    seen = scope_conditions(person.scope, lots.c.site)
    with transaction(engine) as connection:
        where = [lots.c.id.between(*wanted.ids)] if wanted.ids else []
        if wanted.lot:
            where.append(lots.c.id.in_(ids_named(connection, wanted.lot, limit, *seen)))
        query = (
            sa.select(lots.c.id, lots.c.name, lots.c.site, lots.c.received_at, lots.c.state)
            .where(*where, *seen)
            .order_by(lots.c.received_at.desc())
            .limit(limit)
        )
        return connection.execute(query).mappings().all()


def _newest(
    person: Person, wanted: SearchFilter, where: list[sa.ColumnElement[bool]], limit: int
) -> sa.Subquery:
    """The ids of a page of documents.

    A lot, an id or a NIR names few documents: these are found first and then put in order, where
    the planner would walk back through all months to meet them in order. For who is limited to
    pôles and asks for a type, each pôle is looked through apart: its index then gives the newest
    in order, also where the type never goes to that pôle.
    """
    if wanted.nirs or wanted.ids or wanted.lot:
        few = sa.select(_c.id, _c.received_on).where(*where).cte("few").prefix_with("MATERIALIZED")
        in_order = sa.select(few).order_by(few.c.received_on.desc(), few.c.id.desc())
        return in_order.limit(limit).subquery("newest")
    order = (_c.received_on.desc(), _c.id.desc())
    one = sa.select(_c.id, _c.received_on).where(*where).order_by(*order).limit(limit)
    if not (person.scope.poles and wanted.type):
        return one.subquery("newest")
    each = [one.where(_c.pole == pole).subquery() for pole in sorted(person.scope.poles)]
    return sa.union_all(*(sa.select(part) for part in each)).subquery("newest")


def _shown(newest: sa.Subquery, limit: int) -> sa.Select[Any]:
    return (
        sa.select(
            _c.id, _c.lot_id, _c.type, _c.site, _c.pole, _c.state, _c.received_on, _c.due_on,
            _c.page_count, _c.priority, lots.c.name.label("lot_name"),
        )
        .join(newest, newest.c.id == _c.id)
        .join(lots, lots.c.id == _c.lot_id)
        .order_by(_c.received_on.desc(), _c.id.desc())
        .limit(limit)
    )  # fmt: skip


def _conditions(wanted: SearchFilter) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.nirs:
        holders = sa.select(fields.c.document_id).where(
            fields.c.value.in_(sorted(wanted.nirs)), _IS_A_NIR
        )
        where.append(_c.id.in_(holders))
    if wanted.ids:
        where.append(_c.id.between(*wanted.ids))
    if wanted.type:
        where.append(_c.type == wanted.type)
    if wanted.site:
        where.append(_c.site == wanted.site)
    if wanted.first:
        where.append(_c.received_on >= wanted.first)
    if wanted.last:
        where.append(_c.received_on <= wanted.last)
    if wanted.before:
        where.append(sa.tuple_(_c.received_on, _c.id) < sa.tuple_(*wanted.before))
    return where


def _told(wanted: SearchFilter) -> dict[str, str | bool]:
    """What the audit trail says was looked for: never a NIR itself, nor a digest of it."""
    told: dict[str, str | bool] = {"nir": True} if wanted.nirs else {}
    if wanted.ids:
        told["id"] = str(wanted.ids[0])
    for name in ("lot", "type", "site", "first", "last"):
        if value := getattr(wanted, name):
            told[name] = str(value)
    return told
