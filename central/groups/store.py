"""The same field of many documents at once: found, held together, settled one by one.

Only what one person may confirm comes here, and only while nobody has keyed the document: fields
that are keyed twice stay with the documents. What is settled is that field; a document that has
nothing left to key goes on to its pôle.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person
from central.accounts.scope import scope_conditions
from central.db import audit
from central.db.engine import transaction
from central.db.tables import documents, fields, lots
from central.db.tables import leases as lease_rows
from central.delivery import failure_store
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import KeyPass, ReadField
from central.documents.store import WorkPage
from central.errors import InputInvalid, LeaseLost
from central.keying import store as keying_store
from central.keying.store import SubmittedField
from central.sent_work import store as sent_work_store
from vaguemestre.model.plan import DocumentType

SEEN_WRONG = "seen_wrong"
"""Reason of a document that somebody took out of a group: it is keyed by itself."""
_LOOKED_THROUGH = 5_000
_d, _f, _l = documents.c, fields.c, lease_rows.c

Name = tuple[str, str]
"""A type and one of its fields."""


@dataclass(frozen=True, slots=True)
class GroupCandidate:
    """One field of one waiting document."""

    document_id: uuid.UUID
    position: int
    value: str | None


@dataclass(frozen=True, slots=True)
class Sending:
    """What one screen sent at once; ``what`` is the group's title, in French."""

    what: str
    decision: uuid.UUID


@dataclass(frozen=True, slots=True)
class GroupItem:
    """One document of a group with what is needed to show its fields."""

    document: Mapping[str, Any]
    pages: tuple[WorkPage, ...]
    fields: Mapping[int, ReadField]
    draft: Mapping[str, Any]


def list_candidates(engine: sa.Engine, person: Person) -> Mapping[Name, list[str | None]]:
    """The readings that wait, by type and field, of the most urgent documents.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        rows = connection.execute(_open_fields(person, *_is_free_for(person)))
        found: dict[Name, list[str | None]] = {}
        for row in rows:
            found.setdefault((row.type, row.name), []).append(row.value)
    return found


def take_group(
    engine: sa.Engine,
    person: Person,
    names: Collection[Name],
    most: int,
    lease_s: float,
    fits: Callable[[str | None], bool] = lambda _: True,
) -> list[GroupCandidate]:
    """Hold up to so many documents that wait for one of these fields, most urgent first.

    Args:
        engine: The database.
        person: Who takes them.
        names: Types and fields.
        most: Documents.
        lease_s: As of any other document.
        fits: Whether a reading is wanted.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    if not names:
        return []
    taken: dict[uuid.UUID, list[GroupCandidate]] = {}
    with transaction(engine) as connection:
        waits = _open_fields(person, *_is_free_for(person)).subquery("waits")
        is_wanted = sa.tuple_(waits.c.type, waits.c.name).in_(list(names))
        query = sa.select(waits).where(is_wanted).order_by(waits.c.urgency, waits.c.position)
        for row in connection.execute(query).all():
            if not fits(row.value):
                continue
            if row.id not in taken:
                if len(taken) == most:
                    break
                if not lease_store.assign(connection, row.id, person.id, "key", lease_s):
                    continue
            taken.setdefault(row.id, []).append(GroupCandidate(row.id, row.position, row.value))
    return [one for several in taken.values() for one in several]


def held(
    engine: sa.Engine,
    person: Person,
    ids: Collection[uuid.UUID],
    fits: Callable[[Name, str | None], bool],
) -> list[GroupCandidate]:
    """Fields of documents that somebody holds already, because these came back to them.

    Args:
        engine: The database.
        person: Who holds them.
        ids: Which documents; others are passed over.
        fits: Whether a field of a type with such a reading is wanted.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    is_theirs = sa.exists().where(
        _l.document_id == _d.id, _l.person_id == person.id, _l.queue == "key"
    )
    waits = _open_fields(person, _d.id.in_(ids), is_theirs).subquery("waits")
    query = sa.select(waits).order_by(waits.c.urgency, waits.c.position)
    with transaction(engine) as connection:
        return [
            GroupCandidate(row.id, row.position, row.value)
            for row in connection.execute(query)
            if fits((row.type, row.name), row.value)
        ]


def load_group(
    engine: sa.Engine, person: Person, ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, GroupItem]:
    """Read those of the documents that somebody holds; each look is audited.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = {}
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(documents, lots.c.name.label("lot_name"))
            .join(lots, lots.c.id == _d.lot_id)
            .join(lease_rows, _l.document_id == _d.id)
            .where(
                _d.id.in_(ids),
                _l.person_id == person.id,
                _l.queue == "key",
                *scope_conditions(person.scope, _d.site, _d.pole),
            )
        ).mappings()
        for row in list(rows):
            documents_store.audit_view(connection, person, row["id"], "group")
            draft = documents_store.draft_of(connection, row["id"], person.id)
            pages = documents_store.pages_of(connection, row["id"])
            known = {one.position: one for one in documents_store.fields_of(connection, row["id"])}
            found[row["id"]] = GroupItem(dict(row), pages, known, draft)
    return found


def submit_item(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry_of: Callable[[str, str], DocumentType],
    sent: Mapping[int, SubmittedField],
    wait_s: float = 0.0,
    sending: Sending | None = None,
) -> bool:
    """Store what somebody said of fields of a document; True when nothing is left to key of it.

    Args:
        engine: The database.
        person: Who keyed; holds the document.
        document_id: Which.
        entry_of: Gives the entry of a type in a fund.
        sent: By the field's position.
        wait_s: How long its delivery waits, so that it can be taken back.
        sending: With what it was sent at once; None: by itself.

    Raises:
        InputInvalid: a field is not to key, or is keyed twice.
        LeaseLost: somebody else holds the document, or people have keyed it meanwhile.
        StoreUnavailable: nothing was stored.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "key")
        if row.key_pass != 1:
            raise LeaseLost(str(document_id))
        entry = entry_of(row.type, row.fund)
        _remember(connection, person, document_id, entry.title, sending)
        wanted = {
            t.field.position: t
            for t in keying_store.pending_tasks_in(connection, row._asdict(), entry)
        }
        for position, one in sent.items():
            if position not in wanted or wanted[position].is_blind:
                raise InputInvalid("fields")
            keying_store.record_keying(
                connection, person, document_id, wanted[position], KeyPass.FIRST, one
            )
            keying_store.set_field(connection, document_id, position, one)
        names = sorted(wanted[position].field.name for position in sent)
        audit.record(
            connection, person.actor, "fields_keyed", str(document_id), fields=names, group=True
        )
        if len(wanted) > len(sent):
            _release(connection, document_id)
            return False
        lease_store.end_lease(connection, document_id)
        failure_store.send_to(
            connection, person.actor, document_id, row.destination or entry.destination
        )
        sent_work_store.wait(connection, document_id, wait_s)
        return True


def remove_from_group(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    sending: Sending | None = None,
) -> None:
    """Say that a reading in a group is wrong: its document is keyed by itself, by whoever comes.

    ``sending`` is as in ``submit_item``.

    Raises:
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        lease_store.require_lease(connection, person.id, document_id, "key")
        _remember(connection, person, document_id, "Lecture jugée fausse", sending)
        connection.execute(
            documents.update()
            .where(_d.id == document_id, ~(sa.literal(SEEN_WRONG) == sa.any_(_d.route_reasons)))
            .values(route_reasons=sa.func.array_append(_d.route_reasons, SEEN_WRONG))
        )
        _release(connection, document_id)
        audit.record(connection, person.actor, "document_taken_out_of_group", str(document_id))


def _remember(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    what: str,
    sending: Sending | None,
) -> None:
    told = sending or Sending(what, uuid.uuid4())
    sent_work_store.remember(
        connection, person, document_id, "key", told.what, decision=told.decision
    )


def _release(connection: sa.Connection, document_id: uuid.UUID) -> None:
    connection.execute(lease_rows.delete().where(_l.document_id == document_id))


def _is_free_for(person: Person) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether nobody holds a document, and it is kept for nobody else."""
    is_held = sa.exists().where(_l.document_id == _d.id, _l.lease_until >= sa.func.now())
    return ~is_held, lease_store.is_free_for(person)


def _open_fields(person: Person, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Fields that stand on the image and wait, of the most urgent of some documents."""
    urgency = sa.func.row_number().over(order_by=(_d.priority.desc(), _d.due_on, _d.stored_at))
    near: Sequence[sa.ColumnElement[bool]] = lease_store.queue_scope(person, "key")
    first = (
        sa.select(_d.id, _d.type, _d.layout, _d.route_reasons, urgency.label("urgency"))
        .where(
            _d.state == "to_key",
            _d.key_pass == 1,
            ~(sa.literal(SEEN_WRONG) == sa.any_(_d.route_reasons)),
            *near,
            *where,
        )
        .order_by(_d.priority.desc(), _d.due_on, _d.stored_at)
        .limit(_LOOKED_THROUGH)
        .subquery("urgent")
    ).c
    is_doubted = ("field:" + _f.name) == sa.any_(first.route_reasons)
    return (
        sa.select(first.id, first.type, first.urgency, _f.position, _f.name, _f.value)
        .join(fields, _f.document_id == first.id)
        .where(
            _f.box_mm.is_not(None),
            ~sa.and_(_f.source == "person", _f.accepted),
            sa.case(
                (first.layout == "verified", is_doubted),
                else_=_f.value.is_not(None),
            ),
        )
    )
