"""What people key of a document: stored once, checked, and what the document does next.

Each value is stored beside what the machine had read, with its pass: first, second (blind) or
arbitration. A document whose fields all have a value goes on to delivery; one in which two people
differed waits for a third. A document that a pôle returned for a wrong value is keyed anew,
whatever was accepted before. Everything happens in one transaction and needs the person's lease.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person
from central.db import audit
from central.db.engine import transaction
from central.db.tables import deliveries, documents, fields, keyings, returns
from central.delivery import failure_store
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import (
    PASSES,
    DeliveryState,
    DocumentState,
    KeyedValue,
    KeyPass,
    KeyReason,
    ReadField,
    ReturnCause,
)
from central.errors import InputInvalid
from central.keying.rules import (
    KeyingTask,
    find_field_spec,
    is_settled,
    keyed_alike,
    keying_tasks,
    missing_fields,
    next_key_pass,
)
from central.sent_work import store as sent_work_store
from vaguemestre.model.plan import NOT_KEYED, DocumentType, KeyingMode

_c, _f = documents.c, fields.c
_MAX_ADDED_FIELDS = 500


@dataclass(frozen=True, slots=True)
class SubmittedField:
    """What a person sent for one field; ``check`` is the result of the value's own check."""

    entry: KeyedValue
    check: str = "none"
    seconds: float | None = None


def pending_tasks(
    engine: sa.Engine, row: Mapping[str, Any], document_type: DocumentType
) -> tuple[KeyingTask, ...]:
    """List what is to key of a document now.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        return pending_tasks_in(connection, row, document_type)


def pending_tasks_in(
    connection: sa.Connection, row: Mapping[str, Any], document_type: DocumentType
) -> tuple[KeyingTask, ...]:
    """List what is to key of a document in its present pass, within a transaction.

    The first pass takes everything in doubt; the second and the third only what the first left to
    them, whatever the pack has said since, and the third sees both values.
    """
    document_id = row["id"]
    add_fields(connection, document_id, document_type)
    known = documents_store.fields_of(connection, document_id)
    tasks = keying_tasks(document_type, known, layout=row["layout"], reasons=row["route_reasons"])
    if row["key_pass"] == 1:
        return tasks
    first_values = documents_store.keyed_values(connection, document_id, KeyPass.FIRST)
    second_values = documents_store.keyed_values(connection, document_id, KeyPass.SECOND)
    blind_tasks = _second_pass_tasks(connection, document_id, document_type, known, tasks)
    blind_tasks = [task for task in blind_tasks if task.field.position in first_values]
    if row["key_pass"] == 2:
        return tuple(blind_tasks)
    return tuple(
        KeyingTask(t.field, t.spec, False, (first_values[p], second_values[p]))
        for t in blind_tasks
        if (p := t.field.position) in second_values
        and not keyed_alike(first_values[p], second_values[p])
    )


def add_fields(
    connection: sa.Connection, document_id: uuid.UUID, document_type: DocumentType
) -> None:
    """Insert rows for the required fields of a type that nobody has read."""
    known = documents_store.fields_of(connection, document_id)
    position = max((f.position for f in known), default=-1) + 1
    rows = [
        {
            "document_id": document_id,
            "position": position + i,
            "name": spec.name,
            "value": None,
            "raw": "",
            "confidence": 0.0,
            "accepted": False,
            "check_result": "none",
            "page": 0,
            "box_mm": list(spec.first_line_mm) if spec.first_line_mm else None,
        }
        for i, spec in enumerate(missing_fields(document_type, known)[:_MAX_ADDED_FIELDS])
    ]
    if rows:
        connection.execute(fields.insert(), rows)


def submit_keying(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    find_type: Callable[[str, str], DocumentType],
    submitted: Mapping[int, SubmittedField],
    wait_s: float = 0.0,
) -> DocumentState:
    """Store all that a person keyed of a document in this pass, and change its state.

    Args:
        engine: The database.
        person: Who keyed, and holds the lease.
        document_id: The document.
        find_type: Returns a type as it is in a fund: ``find_type(code, fund)``.
        submitted: By the field's position: one for every task, and no others.
        wait_s: How long its delivery waits, so that it can be taken back.

    Raises:
        InputInvalid: a field is missing, or there is one too many.
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was stored; what was typed is in the draft.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "key")
        document_type = find_type(row.type, row.fund)
        sent_work_store.remember(connection, person, document_id, "key", document_type.title)
        tasks = {
            t.field.position: t for t in pending_tasks_in(connection, row._asdict(), document_type)
        }
        if set(tasks) != set(submitted):
            raise InputInvalid("fields")
        key_pass = PASSES[row.key_pass - 1]
        for position, field in submitted.items():
            record_keying(connection, person, document_id, tasks[position], key_pass, field)
        following_pass = _following_pass(connection, row, tasks)
        for position, field in submitted.items():
            if not tasks[position].is_blind or row.key_pass == 3:
                set_field(connection, document_id, position, field)
        lease_store.end_lease(connection, document_id)
        audit.record(
            connection, person.actor, "document_keyed", str(document_id),
            look=key_pass.value, fields=len(submitted),
        )  # fmt: skip
        if following_pass is not None:
            blind_positions = [p for p, task in tasks.items() if task.is_blind]
            values = {"keyed_twice": blind_positions} if row.key_pass == 1 else {}
            _start_pass(connection, document_id, following_pass, **values)
            return DocumentState.TO_KEY
        if row.key_pass > 1:
            _settle_agreed(connection, row, document_type)
            if _is_left(connection, row, document_type):
                _start_pass(connection, document_id, 1, keyed_twice=None)
                return DocumentState.TO_KEY
        failure_store.send_to(
            connection, person.actor, document_id, row.destination or document_type.destination
        )
        sent_work_store.wait(connection, document_id, wait_s)
        return DocumentState.READY


def send_back_to_naming(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Return a document to naming: it is not of the type that it was given.

    Raises:
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        lease_store.require_lease(connection, person.id, document_id, "key")
        sent_work_store.remember(connection, person, document_id, "key", "Mauvais type, à nommer")
        lease_store.end_lease(connection, document_id)
        connection.execute(
            documents.update()
            .where(_c.id == document_id)
            .values(
                state=DocumentState.TO_NAME.value,
                state_at=sa.func.now(),
                route_reasons=sa.func.array_append(_c.route_reasons, "type_doubtful"),
            )
        )
        audit.record(connection, person.actor, "document_sent_to_naming", str(document_id))


def has_wrong_value(connection: sa.Connection, document_id: uuid.UUID) -> bool:
    """Whether a pôle returned the document for a wrong value."""
    r, d = returns.c, deliveries.c
    is_returned = sa.exists().where(
        d.document_id == document_id,
        d.state == DeliveryState.RETURNED,
        r.document_id == d.document_id,
        r.destination == d.destination,
        r.round == d.round,
        r.cause == ReturnCause.WRONG_VALUE,
    )
    return bool(connection.scalar(sa.select(is_returned)))


def require_rekeying(
    connection: sa.Connection, row: sa.Row[Any], document_type: DocumentType
) -> None:
    """Make every keyed field of the type a task: else the wrong value is delivered again."""
    keyed = [
        field
        for field in documents_store.fields_of(connection, row.id)
        if (spec := find_field_spec(document_type, field.name)).kind not in NOT_KEYED
        and document_type.mode_of(spec) is not KeyingMode.READ_ONLY
    ]
    positions = [field.position for field in keyed]
    is_it = (_f.document_id == row.id, _f.position.in_(positions))
    connection.execute(fields.update().where(*is_it).values(accepted=False))
    reasons = dict.fromkeys((*row.route_reasons, *(f"field:{field.name}" for field in keyed)))
    connection.execute(
        documents.update().where(_c.id == row.id).values(route_reasons=list(reasons))
    )


def set_field(
    connection: sa.Connection, document_id: uuid.UUID, position: int, submitted: SubmittedField
) -> None:
    """Store the value that a person decided for a field."""
    is_wrong = submitted.entry.reason is KeyReason.WRONG_ON_PAPER
    connection.execute(
        fields.update()
        .where(_f.document_id == document_id, _f.position == position)
        .values(
            value=None if is_wrong else submitted.entry.value,
            reason=submitted.entry.reason,
            accepted=True,
            source="person",
            confidence=1.0,
            check_result="none" if submitted.entry.reason else submitted.check,
        )
    )


def record_keying(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    task: KeyingTask,
    key_pass: KeyPass,
    submitted: SubmittedField,
) -> None:
    """Store what a person keyed of a field, beside what the machine had read."""
    connection.execute(
        keyings.insert().values(
            {
                "document_id": document_id,
                "position": task.field.position,
                "name": task.field.name,
                "pass": key_pass.value,
                "person_id": person.id,
                "value": submitted.entry.value,
                "reason": submitted.entry.reason,
                "machine_value": task.field.value or (task.field.raw or None),
                "machine_confidence": task.field.confidence,
                "machine_accepted": task.field.accepted,
                "seconds": submitted.seconds,
            }
        )
    )


def _second_pass_tasks(
    connection: sa.Connection,
    document_id: uuid.UUID,
    document_type: DocumentType,
    known: Sequence[ReadField],
    tasks: Sequence[KeyingTask],
) -> list[KeyingTask]:
    """Tasks that the first pass left to a second; if it did not say, what the pack keys twice."""
    query = sa.select(_c.keyed_twice).where(_c.id == document_id)
    positions = connection.scalar(query)
    if positions is None:
        return [task for task in tasks if task.is_blind]
    return [
        KeyingTask(field, find_field_spec(document_type, field.name), True)
        for field in known
        if field.position in positions and not is_settled(field)
    ]


def _following_pass(
    connection: sa.Connection, row: sa.Row[Any], tasks: Mapping[int, KeyingTask]
) -> int | None:
    first_values = documents_store.keyed_values(connection, row.id, KeyPass.FIRST)
    second_values = documents_store.keyed_values(connection, row.id, KeyPass.SECOND)
    if row.key_pass == 1:
        first_values = {p: e for p, e in first_values.items() if p in tasks and tasks[p].is_blind}
    return next_key_pass(
        row.key_pass, {p: e for p, e in first_values.items() if p in tasks}, second_values
    )


def _start_pass(
    connection: sa.Connection, document_id: uuid.UUID, key_pass: int, **values: Any
) -> None:
    connection.execute(
        documents.update()
        .where(_c.id == document_id)
        .values(key_pass=key_pass, state_at=sa.func.now(), **values)
    )


def _is_left(connection: sa.Connection, row: sa.Row[Any], document_type: DocumentType) -> bool:
    """Whether the pack, which may have changed since the first pass, wants more keyed."""
    known = documents_store.fields_of(connection, row.id)
    return bool(keying_tasks(document_type, known, layout=row.layout, reasons=row.route_reasons))


def _settle_agreed(
    connection: sa.Connection, row: sa.Row[Any], document_type: DocumentType
) -> None:
    """Accept what two people keyed alike; what a third decided is stored already.

    Only what is still to key: the document may have been keyed before it came back, and its
    fields have been read anew since, or are those of another type.
    """
    known = documents_store.fields_of(connection, row.id)
    tasks = keying_tasks(document_type, known, layout=row.layout, reasons=row.route_reasons)
    blind_tasks = _second_pass_tasks(connection, row.id, document_type, known, tasks)
    first_values = documents_store.keyed_values(connection, row.id, KeyPass.FIRST)
    second_values = documents_store.keyed_values(connection, row.id, KeyPass.SECOND)
    for position in (task.field.position for task in blind_tasks):
        first, second = first_values.get(position), second_values.get(position)
        if first is not None and second is not None and keyed_alike(first, second):
            set_field(connection, row.id, position, SubmittedField(first, "ok"))
