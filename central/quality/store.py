"""The blind control in the database: documents drawn for it, taken, keyed and settled.

Documents are drawn in the transaction that stores them. Every control has one row in ``controls``;
what was keyed is in ``keyings``, with the machine's value beside it. A control is agreed, disputed
and then settled, or withdrawn: a document that people changed meanwhile cannot be controlled.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import Person, Role
from central.db import audit
from central.db.engine import transaction
from central.db.tables import controls, documents, keyings, namings, sites, straight_types
from central.db.tables import leases as held
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import KeyedValue, KeyPass, KeyReason
from central.documents.state_store import lock_routing_shared
from central.errors import InputInvalid, LeaseLost, NotYours
from central.keying import store as keying_store
from central.keying.rules import KeyingTask, find_field_spec
from central.keying.store import SubmittedField
from central.quality import correction_store
from central.quality.rules import (
    ControlCause,
    SamplingContext,
    SamplingPolicy,
    ValuePair,
    arbitration_order,
    count_outcome,
    disputed_positions,
    draw_for_control,
    is_same,
)
from vaguemestre.model.calendar import TIME_ZONE
from vaguemestre.model.lot import DocumentRecord
from vaguemestre.model.plan import NOT_KEYED, DocumentType, KeyingMode

QUEUE = "control"
WAITING, DISPUTED, DONE = "waiting", "disputed", "done"
_c, _d, _k, _l, _n = controls.c, documents.c, keyings.c, held.c, namings.c
UNTOUCHED = tuple(state.value for state in correction_store.CORRECTED)

EntryOf = Callable[[str, str], DocumentType]


@dataclass(frozen=True, slots=True)
class HeldControl:
    """A control that somebody holds, with its document, both rows locked."""

    id: uuid.UUID
    state: str
    keyer_id: int | None
    type: str
    fund: str
    document_state: str


def take_next_control(
    engine: sa.Engine, person: Person, lease_s: float, *, besides: Collection[uuid.UUID] = ()
) -> uuid.UUID | None:
    """Take the next control: disputes first for who supervises, then the oldest drawn.

    Nobody gets a document that they named, keyed or controlled before.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    with transaction(engine) as connection:
        begun = connection.scalar(_mine(person).where(_c.document_id.not_in(besides)))
        if begun is not None and lease_store.assign(connection, begun, person.id, QUEUE, lease_s):
            return _id(begun)
        for state in (DISPUTED, WAITING):
            if state == DISPUTED and Role.SUPERVISOR not in person.roles:
                continue
            found = connection.scalar(_next(person, state, besides))
            if found is not None and lease_store.assign(
                connection, found, person.id, QUEUE, lease_s
            ):
                return _id(found)
        return None


def take_control(engine: sa.Engine, person: Person, document_id: uuid.UUID, lease_s: float) -> bool:
    """Take one control; False when somebody else has it, or it waits for nobody like them.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    is_it = _c.document_id == document_id
    with transaction(engine) as connection:
        found = connection.scalar(_mine(person).where(is_it))
        for state in (DISPUTED, WAITING):
            if found is None and (state == WAITING or Role.SUPERVISOR in person.roles):
                found = connection.scalar(_next(person, state, ()).where(is_it))
        return found is not None and lease_store.assign(
            connection, found, person.id, QUEUE, lease_s
        )


def control_tasks(
    engine: sa.Engine, document_id: uuid.UUID, entry: DocumentType
) -> tuple[KeyingTask, ...]:
    """What is to key of a control now; of a dispute the two values, not told apart.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        state = connection.scalar(sa.select(_c.state).where(_c.document_id == document_id))
        if state != DISPUTED:
            return tuple(blind_tasks(connection, document_id, entry).values())
        said = _value_pairs(connection, document_id, entry)
        differing = set(disputed_positions(said))
        return tuple(
            KeyingTask(
                one,
                find_field_spec(entry, one.name),
                False,
                arbitration_order(document_id, one.position, its),
            )
            for one in documents_store.fields_of(connection, document_id)
            if one.position in differing and (its := said[one.position])
        )


def _require_control(
    connection: sa.Connection, person: Person, document_id: uuid.UUID
) -> HeldControl:
    """Give the control, locked, to who holds it.

    Raises:
        LeaseLost: somebody else has it, it is done, or people changed the document.
        NotYours: this person was at the document before.
    """
    lock_routing_shared(connection)  # a correction delivers again; a change of the plan locks first
    row = connection.execute(
        sa.select(
            _c.state,
            _c.person_id,
            _d.type,
            _d.fund,
            _d.state.label("document_state"),
        )
        .join(documents, _d.id == _c.document_id)
        .join(held, _l.document_id == _c.document_id)
        .where(
            _c.document_id == document_id,
            _c.state.in_((WAITING, DISPUTED)),
            _c.type == _d.type,
            _d.state.in_(UNTOUCHED),
            _l.person_id == person.id,
            _l.queue == QUEUE,
        )
        .with_for_update(of=[controls, documents])
    ).one_or_none()
    if row is None:
        raise LeaseLost(str(document_id))
    if connection.scalar(sa.select(_was_at(person, sa.literal(document_id)))):
        raise NotYours(str(document_id))
    return HeldControl(
        document_id, row.state, row.person_id, row.type, row.fund, row.document_state
    )


def blind_tasks(
    connection: sa.Connection, document_id: uuid.UUID, entry: DocumentType
) -> dict[int, KeyingTask]:
    """What is keyed blind of a document: all that the machine accepted, but for signatures."""
    return {
        one.position: KeyingTask(one, spec, is_blind=True)
        for one in documents_store.fields_of(connection, document_id)
        if one.accepted
        and one.source == "machine"
        and one.value is not None
        and (spec := find_field_spec(entry, one.name)).kind not in NOT_KEYED
        and entry.mode_of(spec) is not KeyingMode.READ_ONLY
    }


def _value_pairs(
    connection: sa.Connection, document_id: uuid.UUID, entry: DocumentType
) -> dict[int, ValuePair]:
    """What the machine and the person said of each controlled field."""
    rows = connection.execute(
        sa.select(_k.position, _k.name, _k.value, _k.reason, _k.machine_value)
        .where(_k.document_id == document_id, _k["pass"] == KeyPass.CONTROL)
        .order_by(_k.id)
    )
    return {
        row.position: ValuePair(
            find_field_spec(entry, row.name).kind,
            KeyedValue(row.machine_value),
            KeyedValue(row.value, KeyReason(row.reason) if row.reason else None),
        )
        for row in rows
    }


def _mine(person: Person) -> sa.Select[Any]:
    return (
        sa.select(_c.document_id)
        .join(held, _l.document_id == _c.document_id)
        .join(documents, _d.id == _c.document_id)
        .where(
            _l.person_id == person.id,
            _l.queue == QUEUE,
            _c.state.in_((WAITING, DISPUTED)),
            _c.type == _d.type,
            _d.state.in_(UNTOUCHED),
        )
        .order_by(_l.taken_at)
        .limit(1)
    )


def _next(person: Person, state: str, besides: Collection[uuid.UUID]) -> sa.Select[Any]:
    is_held = sa.exists().where(
        _l.document_id == _c.document_id,
        sa.or_(_l.lease_until >= sa.func.now(), _l.person_id == person.id),
    )
    return (
        sa.select(_c.document_id)
        .join(documents, _d.id == _c.document_id)
        .where(
            _c.state == state,
            _c.type == _d.type,
            _d.state.in_(UNTOUCHED),
            ~is_held,
            ~_was_at(person, _c.document_id),
            _c.document_id.not_in(besides),
            *lease_store.queue_scope(person, QUEUE),
        )
        .order_by(_c.drawn_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=controls)
    )


def _was_at(person: Person, document_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    has_keyed = sa.exists().where(_k.document_id == document_id, _k.person_id == person.id)
    has_named = sa.exists().where(_n.document_id == document_id, _n.person_id == person.id)
    return sa.or_(has_keyed, has_named)


def _id(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def submit_control(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry_of: EntryOf,
    sent: Mapping[int, SubmittedField],
) -> tuple[str, int | None]:
    """Store what somebody who holds a control keyed blind, or settled as arbiter.

    Args:
        engine: The database.
        person: Who; holds the control.
        document_id: Of which document.
        entry_of: Gives a type in a fund.
        sent: By the field's position; every field that is to key, and no others.

    Returns:
        The control's state, and the round in which the pôle gets right values; None: it has them.

    Raises:
        DeliveryUnderWay: the document is being handed over; nothing was stored.
        InputInvalid: a field is missing, or one too many.
        LeaseLost: somebody else holds it.
        NotYours: this person was at the document before.
        StoreUnavailable: nothing was stored.
    """
    with transaction(engine) as connection:
        control = _require_control(connection, person, document_id)
        entry = entry_of(control.type, control.fund)
        if control.state == DISPUTED:
            return DONE, _settle_dispute(connection, person, document_id, entry, sent)
        return _compare(connection, person, document_id, entry, sent), None


def _compare(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    entry: DocumentType,
    sent: Mapping[int, SubmittedField],
) -> str:
    """Store what was keyed blind; ``done`` when all is as the machine read it."""
    wanted = blind_tasks(connection, document_id, entry)
    if set(wanted) != set(sent):
        raise InputInvalid("fields")
    for position, one in sent.items():
        keying_store.record_keying(
            connection, person, document_id, wanted[position], KeyPass.CONTROL, one
        )
    differing = disputed_positions(_value_pairs(connection, document_id, entry))
    state = DISPUTED if differing else DONE
    done = {} if differing else {"done_at": sa.func.now()}
    _change(
        connection, document_id, state=state, person_id=person.id,
        keyed_at=sa.func.now(), fields=len(sent), **done,
    )  # fmt: skip
    lease_store.end_lease(connection, document_id)
    audit.record(
        connection, person.actor, "control_keyed", str(document_id),
        fields=len(sent), differing=len(differing),
    )  # fmt: skip
    return state


def _settle_dispute(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    entry: DocumentType,
    truths: Mapping[int, SubmittedField],
) -> int | None:
    """Store what is right of the fields that differ; the round in which the pôle gets it."""
    said = _value_pairs(connection, document_id, entry)
    if set(truths) != set(disputed_positions(said)):
        raise InputInvalid("fields")
    known = {one.position: one for one in documents_store.fields_of(connection, document_id)}
    for position, one in truths.items():
        task = KeyingTask(
            known[position], find_field_spec(entry, known[position].name), is_blind=False
        )
        look = KeyPass.CONTROL_ARBITRATION
        keying_store.record_keying(connection, person, document_id, task, look, one)
    found = {position: one.entry for position, one in truths.items()}
    compared = count_outcome(said, found)
    _change(
        connection, document_id, state=DONE, done_at=sa.func.now(),
        machine_wrong=compared.machine_wrong, person_wrong=compared.person_wrong,
    )  # fmt: skip
    lease_store.end_lease(connection, document_id)
    audit.record(
        connection, person.actor, "control_arbitrated", str(document_id),
        machine_wrong=compared.machine_wrong, person_wrong=compared.person_wrong,
    )  # fmt: skip
    wrong = {
        position: one
        for position, one in truths.items()
        if not is_same(said[position].kind, said[position].machine, one.entry)
    }
    if not wrong:
        return None
    return correction_store.redeliver_corrected(connection, person.actor, document_id, wrong)


def withdraw_taken_over(engine: sa.Engine) -> int:
    """Give up controls of documents that people have taken in hand; returns how many.

    They count nowhere: nothing was compared.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    is_open = _c.state.in_((WAITING, DISPUTED))
    is_changed = sa.or_(
        _d.state.not_in(UNTOUCHED),
        _d.type != _c.type,
    )
    with transaction(engine) as connection:
        gone = connection.scalars(
            controls.update()
            .where(_d.id == _c.document_id, is_open, is_changed)
            .values(state=DONE, done_at=sa.func.now(), fields=0)
            .returning(_c.document_id)
        ).all()
        for document_id in gone:
            audit.record(connection, "quality", "control_withdrawn", str(document_id))
    return len(gone)


def _change(connection: sa.Connection, document_id: uuid.UUID, **values: Any) -> None:
    connection.execute(controls.update().where(_c.document_id == document_id).values(**values))


_STATES = ("waiting", "disputed", "done")
_TODAY = sa.func.timezone(
    TIME_ZONE, sa.func.date_trunc("day", sa.func.timezone(TIME_ZONE, sa.func.now()))
)


def sample_stored(
    connection: sa.Connection, record: DocumentRecord, policy: SamplingPolicy
) -> ControlCause | None:
    """Put a straight-through document among those to control, if it is drawn.

    Its delivery waits for nothing. One without an accepted value has nothing to control.
    """
    form_age_s, site_age_s = _ages(connection, record)
    if not any(field.accepted and field.value is not None for field in record.document.fields):
        return None
    is_new = form_age_s < policy.new_form_s or site_age_s < policy.first_week_s
    drawn_today = _drawn_today(connection) if is_new else 0
    cause = draw_for_control(
        record.id, policy, SamplingContext(form_age_s, site_age_s, drawn_today)
    )
    if cause is not None:
        connection.execute(
            controls.insert().values(
                document_id=record.id, cause=cause, type=record.document.type, site=record.site
            )
        )
        audit.record(connection, "quality", "control_drawn", str(record.id), cause=cause.value)
    return cause


def _ages(connection: sa.Connection, record: DocumentRecord) -> tuple[float, float]:
    """Seconds since the first straight document of the type, this one if need be, and the site."""
    code = record.document.type
    of_type = sa.select(_seconds_since(straight_types.c.since)).where(straight_types.c.type == code)
    seconds: float | None = connection.scalar(of_type)
    if seconds is None:
        connection.execute(insert(straight_types).values(type=code).on_conflict_do_nothing())
        seconds = 0.0
    site_age: float | None = connection.scalar(
        sa.select(_seconds_since(sites.c.first_seen_at)).where(sites.c.site == record.site)
    )
    return seconds, site_age or 0.0


def _seconds_since(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    return sa.cast(sa.extract("epoch", sa.func.now() - moment), sa.Float)


def _drawn_today(connection: sa.Connection) -> int:
    """How many were drawn today for new forms and sites (by the index on state and time)."""
    return connection.execute(
        sa.select(sa.func.count()).where(
            controls.c.state.in_(_STATES),
            controls.c.drawn_at >= _TODAY,
            controls.c.cause != ControlCause.SAMPLE,
        )
    ).scalar_one()
