"""What people decide of a document: what it is, that it came twice, that it is urgent.

An act needs the person's lease, and changes what it says in one transaction.

What people key, stored once, checked, and what the document does next.

Documents that a pôle gives back because a value is wrong: keyed anew, whatever was accepted.
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
    is_settled,
    keyed_alike,
    keying_tasks,
    missing_fields,
    next_pass,
    spec_of,
)
from central.sent_work import store as sent_work_store
from vaguemestre.model.catalogue import NOT_KEYED, KeyingMode, TypeEntry

_FIELDS_OF_A_PAGE = 500


def add_fields(connection: sa.Connection, document_id: uuid.UUID, entry: TypeEntry) -> None:
    """Make rows for what a type must have and nobody has read."""
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
            "box_mm": list(spec.box_mm) if spec.box_mm else None,
        }
        for i, spec in enumerate(missing_fields(entry, known)[:_FIELDS_OF_A_PAGE])
    ]
    if rows:
        connection.execute(fields.insert(), rows)


_keying_c, _keying_f = documents.c, fields.c


@dataclass(frozen=True, slots=True)
class SubmittedField:
    """What a person sent of one field; ``check`` is what the value's own check said."""

    entry: KeyedValue
    check: str = "none"
    seconds: float | None = None


def tasks_of(
    connection: sa.Connection, row: Mapping[str, Any], entry: TypeEntry
) -> tuple[KeyingTask, ...]:
    """What is to key of a document at its present look.

    The first look is at everything in doubt; the second and the third only at what the first left
    to them, whatever the pack has said since, and the third sees both entries.
    """
    document_id = row["id"]
    add_fields(connection, document_id, entry)
    known = documents_store.fields_of(connection, document_id)
    found = keying_tasks(entry, known, layout=row["layout"], reasons=row["route_reasons"])
    if row["key_pass"] == 1:
        return found
    firsts = documents_store.keyed_values(connection, document_id, KeyPass.FIRST)
    seconds = documents_store.keyed_values(connection, document_id, KeyPass.SECOND)
    twice = _left_to_others(connection, document_id, entry, known, found)
    twice = [task for task in twice if task.field.position in firsts]
    if row["key_pass"] == 2:
        return tuple(twice)
    return tuple(
        KeyingTask(t.field, t.spec, False, (firsts[p], seconds[p]))
        for t in twice
        if (p := t.field.position) in seconds and not keyed_alike(firsts[p], seconds[p])
    )


def _left_to_others(
    connection: sa.Connection,
    document_id: uuid.UUID,
    entry: TypeEntry,
    known: Sequence[ReadField],
    found: Sequence[KeyingTask],
) -> list[KeyingTask]:
    """What the first look left to a second; where it did not say so, what the pack keys twice."""
    query = sa.select(_keying_c.keyed_twice).where(_keying_c.id == document_id)
    positions = connection.scalar(query)
    if positions is None:
        return [task for task in found if task.is_blind]
    return [
        KeyingTask(field, spec_of(entry, field.name), True)
        for field in known
        if field.position in positions and not is_settled(field)
    ]


def pending_tasks(
    engine: sa.Engine, row: Mapping[str, Any], entry: TypeEntry
) -> tuple[KeyingTask, ...]:
    """What is to key of a document now.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        return tasks_of(connection, row, entry)


def submit_keying(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry_of: Callable[[str, str], TypeEntry],
    sent: Mapping[int, SubmittedField],
    wait_s: float = 0.0,
) -> DocumentState:
    """Store what somebody keyed of a document, all of it, and let the document go on.

    Args:
        engine: The database.
        person: Who keyed; holds the document.
        document_id: Which.
        entry_of: Gives the entry of a type in a fund.
        sent: By the field's position; every task's, and no others.
        wait_s: How long its delivery waits, so that it can be taken back.

    Raises:
        InputInvalid: a field is missing, or one too many.
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was stored; what was typed is in the draft.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "key")
        entry = entry_of(row.type, row.fund)
        sent_work_store.remember(connection, person, document_id, "key", entry.title)
        wanted = {t.field.position: t for t in tasks_of(connection, row._asdict(), entry)}
        if set(wanted) != set(sent):
            raise InputInvalid("fields")
        key_pass = PASSES[row.key_pass - 1]
        for position, one in sent.items():
            record_keying(connection, person, document_id, wanted[position], key_pass, one)
        following = _following(connection, row, wanted)
        for position, one in sent.items():
            if not wanted[position].is_blind or row.key_pass == 3:
                set_field(connection, document_id, position, one)
        lease_store.end_lease(connection, document_id)
        audit.record(
            connection, person.actor, "document_keyed", str(document_id),
            look=key_pass.value, fields=len(sent),
        )  # fmt: skip
        if following is not None:
            twice = [p for p, task in wanted.items() if task.is_blind]
            values = {"keyed_twice": twice} if row.key_pass == 1 else {}
            _look_again(connection, document_id, following, **values)
            return DocumentState.TO_KEY
        if row.key_pass > 1:
            _settle_agreed(connection, row, entry)
            if _is_left(connection, row, entry):
                _look_again(connection, document_id, 1, keyed_twice=None)
                return DocumentState.TO_KEY
        failure_store.send_to(
            connection, person.actor, document_id, row.destination or entry.destination
        )
        sent_work_store.wait(connection, document_id, wait_s)
        return DocumentState.READY


def back_to_naming(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Say that a document is not of the type that it was given.

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
            .where(_keying_c.id == document_id)
            .values(
                state=DocumentState.TO_NAME.value,
                state_at=sa.func.now(),
                route_reasons=sa.func.array_append(_keying_c.route_reasons, "type_doubtful"),
            )
        )
        audit.record(connection, person.actor, "document_sent_to_naming", str(document_id))


def _following(
    connection: sa.Connection, row: sa.Row[Any], wanted: Mapping[int, KeyingTask]
) -> int | None:
    firsts = documents_store.keyed_values(connection, row.id, KeyPass.FIRST)
    seconds = documents_store.keyed_values(connection, row.id, KeyPass.SECOND)
    if row.key_pass == 1:
        firsts = {p: e for p, e in firsts.items() if p in wanted and wanted[p].is_blind}
    return next_pass(row.key_pass, {p: e for p, e in firsts.items() if p in wanted}, seconds)


def _look_again(
    connection: sa.Connection, document_id: uuid.UUID, key_pass: int, **values: Any
) -> None:
    connection.execute(
        documents.update()
        .where(_keying_c.id == document_id)
        .values(key_pass=key_pass, state_at=sa.func.now(), **values)
    )


def _is_left(connection: sa.Connection, row: sa.Row[Any], entry: TypeEntry) -> bool:
    """Whether the pack, which may have changed since the first look, wants more to be keyed."""
    known = documents_store.fields_of(connection, row.id)
    return bool(keying_tasks(entry, known, layout=row.layout, reasons=row.route_reasons))


def _settle_agreed(connection: sa.Connection, row: sa.Row[Any], entry: TypeEntry) -> None:
    """What two people keyed alike is so; where a third decided, that stands already.

    Only what is still to key: the document may have been keyed before it came back, and its
    fields have been read anew since, or are those of another type.
    """
    known = documents_store.fields_of(connection, row.id)
    found = keying_tasks(entry, known, layout=row.layout, reasons=row.route_reasons)
    twice = _left_to_others(connection, row.id, entry, known, found)
    firsts = documents_store.keyed_values(connection, row.id, KeyPass.FIRST)
    seconds = documents_store.keyed_values(connection, row.id, KeyPass.SECOND)
    for position in (task.field.position for task in twice):
        first, second = firsts.get(position), seconds.get(position)
        if first is not None and second is not None and keyed_alike(first, second):
            set_field(connection, row.id, position, SubmittedField(first, "ok"))


def set_field(
    connection: sa.Connection, document_id: uuid.UUID, position: int, sent: SubmittedField
) -> None:
    """Say what a field holds: a person has decided."""
    is_wrong = sent.entry.reason is KeyReason.WRONG_ON_PAPER
    connection.execute(
        fields.update()
        .where(_keying_f.document_id == document_id, _keying_f.position == position)
        .values(
            value=None if is_wrong else sent.entry.value,
            reason=sent.entry.reason,
            accepted=True,
            source="person",
            confidence=1.0,
            check_result="none" if sent.entry.reason else sent.check,
        )
    )


def record_keying(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    task: KeyingTask,
    key_pass: KeyPass,
    sent: SubmittedField,
) -> None:
    """Keep what somebody keyed of a field, beside what the machine had read."""
    connection.execute(
        keyings.insert().values(
            {
                "document_id": document_id,
                "position": task.field.position,
                "name": task.field.name,
                "pass": key_pass.value,
                "person_id": person.id,
                "value": sent.entry.value,
                "reason": sent.entry.reason,
                "machine_value": task.field.value or (task.field.raw or None),
                "machine_confidence": task.field.confidence,
                "machine_accepted": task.field.accepted,
                "seconds": sent.seconds,
            }
        )
    )


_wrong_values_c, _wrong_values_f = documents.c, fields.c


def has_wrong_value(connection: sa.Connection, document_id: uuid.UUID) -> bool:
    """Whether a pôle has given a document back because a value of it is wrong."""
    r, d = returns.c, deliveries.c
    said = sa.exists().where(
        d.document_id == document_id,
        d.state == DeliveryState.RETURNED,
        r.document_id == d.document_id,
        r.destination == d.destination,
        r.round == d.round,
        r.cause == ReturnCause.WRONG_VALUE,
    )
    return bool(connection.scalar(sa.select(said)))


def require_rekeying(connection: sa.Connection, row: sa.Row[Any], entry: TypeEntry) -> None:
    """Have all that is keyed of a type keyed: else the same wrong value is delivered again."""
    keyed = [
        field
        for field in documents_store.fields_of(connection, row.id)
        if (spec := spec_of(entry, field.name)).kind not in NOT_KEYED
        and spec.mode is not KeyingMode.READ_ONLY
    ]
    positions = [field.position for field in keyed]
    is_it = (_wrong_values_f.document_id == row.id, _wrong_values_f.position.in_(positions))
    connection.execute(fields.update().where(*is_it).values(accepted=False))
    reasons = dict.fromkeys((*row.route_reasons, *(f"field:{field.name}" for field in keyed)))
    connection.execute(
        documents.update().where(_wrong_values_c.id == row.id).values(route_reasons=list(reasons))
    )
