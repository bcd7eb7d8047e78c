"""One document, whole: what it is, what it holds, and everything that has happened to it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person
from central.db import audit
from central.db.engine import transaction
from central.db.tables import audit as audit_table
from central.db.tables import (
    controls,
    deliveries,
    documents,
    drafts,
    fields,
    keyings,
    leases,
    lots,
    namings,
    pages,
    people,
    rescans,
    returns,
)
from central.documents import store as documents_store
from central.documents import store as remarks_of
from central.documents.rules import DocumentState, may_change
from central.errors import StepRefused
from central.rescans import store as rescans_of

Rows = list[dict[str, Any]]

_MOST_AUDIT = 300
_c = documents.c
_URGENT = 1


@dataclass(frozen=True, slots=True)
class DocumentHistory:
    """Rows by column name; ``fields`` and ``pages`` are empty for who may not see them."""

    document: dict[str, Any]
    lot: dict[str, Any]
    pages: Rows
    fields: Rows
    deliveries: Rows
    returns: Rows
    namings: Rows  # with the person's name
    keyings: Rows  # by pass and person: how many fields, when; no value
    remarks: Rows  # with the person's name
    rescans: Rows
    controls: Rows
    relatives: Rows  # documents that it was cut off, cut into, joined to or made of
    holder: str  # who works on it now; empty: nobody
    audit: Rows


def load_history(
    engine: sa.Engine, document_id: uuid.UUID, person: Person, *, with_content: bool
) -> DocumentHistory:
    """Everything about a document, and a line in the audit that the person has looked at it.

    Args:
        engine: The database.
        document_id: Which.
        person: Who looks.
        with_content: With its pages and fields.

    Raises:
        NotFound: there is none of that id.
        Forbidden: it is of a site or pôle that is none of the person's business.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        document = documents_store.require_visible(connection, person.scope, document_id)
        life = _life(connection, document, with_content)
        audit.record(
            connection,
            person.actor,
            "document_viewed",
            str(document_id),
            content=with_content,
        )
    return life


def set_priority(
    engine: sa.Engine, document_id: uuid.UUID, person: Person, *, is_urgent: bool
) -> None:
    """Put a document before or back among the others, in people's queues and in deliveries.

    Raises:
        NotFound: there is none of that id.
        Forbidden: it is none of the person's business.
        StoreUnavailable: nothing was changed.
    """
    priority = _URGENT if is_urgent else 0
    with transaction(engine) as connection:
        documents_store.require_visible(connection, person.scope, document_id)
        connection.execute(documents.update().where(_c.id == document_id).values(priority=priority))
        connection.execute(
            deliveries.update()
            .where(deliveries.c.document_id == document_id)
            .values(priority=priority)
        )
        action = "document_hurried" if is_urgent else "document_unhurried"
        audit.record(connection, person.actor, action, str(document_id))


def may_be_named_again(document: Mapping[str, Any]) -> bool:
    """Whether a document may go back to naming from where it is.

    One that a pôle has is the pôle's to give back; one that was joined to another has no pages.
    """
    state = DocumentState(document["state"])
    is_elsewhere = state is DocumentState.DELIVERED or document["joined_into"] is not None
    return not is_elsewhere and may_change(state, DocumentState.TO_NAME)


def back_to_naming(engine: sa.Engine, document_id: uuid.UUID, person: Person, reason: str) -> None:
    """Have a document named anew; whoever keys it now loses it.

    One that a pôle has is given back instead (``central.returns.store.accept_return``). A request
    to scan it again is withdrawn: left open, it would be told anew beside the next one.

    Raises:
        NotFound: there is none of that id.
        Forbidden: it is none of the person's business.
        StepRefused: its state does not allow that.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        asked = sa.select(rescans.c.id).where(rescans.c.document_id == document_id)
        connection.execute(asked.with_for_update())  # before the document, as an answer does
        document = documents_store.require_visible(connection, person.scope, document_id, lock=True)
        if not may_be_named_again(document):
            raise StepRefused(f"{document_id} is {document['state']}")
        rescans_of.withdraw_of(connection, document_id, person.actor)
        for table in (leases, drafts):
            connection.execute(table.delete().where(table.c.document_id == document_id))
        connection.execute(
            documents.update()
            .where(_c.id == document_id)
            .values(state=DocumentState.TO_NAME.value, state_at=sa.func.now(), key_pass=1)
        )
        audit.record(
            connection, person.actor, "document_sent_to_naming", str(document_id), reason=reason
        )


def _life(
    connection: sa.Connection, document: dict[str, Any], with_content: bool
) -> DocumentHistory:
    key = document["id"]

    def rows(query: sa.Executable) -> Rows:
        return [dict(row) for row in connection.execute(query).mappings()]

    def of(table: sa.Table, *order: sa.ColumnElement[Any]) -> Rows:
        return rows(sa.select(table).where(table.c.document_id == key).order_by(*order))

    return DocumentHistory(
        document=document,
        lot=rows(sa.select(lots).where(lots.c.id == document["lot_id"]))[0],
        pages=of(pages, pages.c.number) if with_content else [],
        fields=of(fields, fields.c.position) if with_content else [],
        deliveries=of(deliveries, deliveries.c.created_at),
        returns=of(returns, returns.c.id),
        namings=rows(_namings(key)),
        keyings=rows(_keyings(key)),
        remarks=remarks_of.of(connection, key) if with_content else [],
        rescans=of(rescans, rescans.c.asked_at),
        controls=of(controls, controls.c.drawn_at),
        relatives=rows(_relatives(document)),
        holder=connection.scalar(_holder(key)) or "",
        audit=rows(_audit(key)),
    )


def _namings(key: uuid.UUID) -> sa.Select[Any]:
    n = namings.c
    return (
        sa.select(n.act, n.type_before, n.type_after, n.seconds, n.named_at, people.c.name)
        .join(people, people.c.id == n.person_id)
        .where(n.document_id == key)
        .order_by(n.id)
    )


def _keyings(key: uuid.UUID) -> sa.Select[Any]:
    k = keyings.c
    keyed = k["pass"].label("keyed_pass")
    return (
        sa.select(
            keyed, people.c.name, sa.func.count().label("fields"),
            sa.func.min(k.keyed_at).label("first_at"), sa.func.max(k.keyed_at).label("last_at"),
            sa.func.sum(k.seconds).label("seconds"),
        )
        .join(people, people.c.id == k.person_id)
        .where(k.document_id == key)
        .group_by(keyed, people.c.name)
        .order_by(sa.func.max(k.keyed_at))
    )  # fmt: skip


def _relatives(document: dict[str, Any]) -> sa.Select[Any]:
    """Only documents of the same lot may be its pieces; whatever it names is found by its id."""
    key = document["id"]
    named = [one for one in (document["split_from"], document["joined_into"]) if one]
    is_made_of_it = sa.and_(
        _c.lot_id == document["lot_id"], sa.or_(_c.split_from == key, _c.joined_into == key)
    )
    return (
        sa.select(_c.id, _c.type, _c.state, _c.split_from, _c.joined_into)
        .where(sa.or_(is_made_of_it, _c.id.in_(named)))
        .order_by(_c.id)
    )


def _holder(key: uuid.UUID) -> sa.Select[Any]:
    return (
        sa.select(people.c.name)
        .join(leases, leases.c.person_id == people.c.id)
        .where(leases.c.document_id == key, leases.c.lease_until > sa.func.now())
    )


def _audit(key: uuid.UUID) -> sa.Select[Any]:
    a = audit_table.c
    return (
        sa.select(a.at, a.actor, a.action, a.detail)
        .where(a.subject == str(key))
        .order_by(a.id.desc())
        .limit(_MOST_AUDIT)
    )
