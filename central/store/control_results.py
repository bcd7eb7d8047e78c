"""What became of a control: agreed, disputed, decided, or given up because people took over."""

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person
from central.domain.control import disputed, is_same, settled
from central.domain.keying import KeyPass, Task, spec_of
from central.errors import InputInvalid, LeaseLost
from central.store import audit, controls, corrections, keying, leases, work
from central.store.engine import transaction
from central.store.keying import Sent
from central.store.tables import controls as table
from central.store.tables import documents

_c, _d = table.c, documents.c


def submit(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry_of: controls.EntryOf,
    sent: Mapping[int, Sent],
) -> str:
    """Store what somebody keyed blind; ``done`` when all is as the machine read it.

    Raises:
        InputInvalid: a field is missing, or one too many.
        LeaseLost: somebody else holds it.
        NotYours: this person was at the document before.
        StoreUnavailable: nothing was stored.
    """
    with transaction(engine) as connection:
        control = controls.demand(connection, person, document_id)
        if control.state != controls.WAITING:
            raise LeaseLost(str(document_id))
        entry = entry_of(control.type, control.fund)
        wanted = controls.tasks(connection, document_id, entry)
        if set(wanted) != set(sent):
            raise InputInvalid("fields")
        for position, one in sent.items():
            keying.keep(connection, person, document_id, wanted[position], KeyPass.CONTROL, one)
        differing = disputed(controls.opinions(connection, document_id, entry))
        state = controls.DISPUTED if differing else controls.DONE
        done = {} if differing else {"done_at": sa.func.now()}
        _change(
            connection, document_id, state=state, person_id=person.id,
            keyed_at=sa.func.now(), fields=len(sent), **done,
        )  # fmt: skip
        leases.end(connection, document_id)
        audit.record(
            connection, person.actor, "control_keyed", str(document_id),
            fields=len(sent), differing=len(differing),
        )  # fmt: skip
        return state


def send(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry_of: controls.EntryOf,
    sent: Mapping[int, Sent],
) -> tuple[str, int | None]:
    """Store what somebody who holds a control said, blind or between two.

    Returns:
        The control's state, and the round in which the pôle gets right values, if it does.

    Raises:
        DeliveryUnderWay, InputInvalid, LeaseLost, NotYours, StoreUnavailable: nothing was stored.
    """
    with transaction(engine) as connection:
        state = connection.scalar(sa.select(_c.state).where(_c.document_id == document_id))
    if state == controls.DISPUTED:
        return controls.DONE, arbitrate(engine, person, document_id, entry_of, sent)
    return submit(engine, person, document_id, entry_of, sent), None


def arbitrate(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry_of: controls.EntryOf,
    truths: Mapping[int, Sent],
) -> int | None:
    """Settle a dispute; the round in which the pôle gets the right values, None when it has them.

    Raises:
        DeliveryUnderWay: the document is being handed over; nothing was stored.
        InputInvalid: a disputed field has no truth, or another field has one.
        LeaseLost: somebody else holds it.
        NotYours: this person was at the document before.
        StoreUnavailable: nothing was stored.
    """
    with transaction(engine) as connection:
        control = controls.demand(connection, person, document_id)
        if control.state != controls.DISPUTED:
            raise LeaseLost(str(document_id))
        entry = entry_of(control.type, control.fund)
        said = controls.opinions(connection, document_id, entry)
        if set(truths) != set(disputed(said)):
            raise InputInvalid("fields")
        known = {one.position: one for one in work.fields_of(connection, document_id)}
        for position, one in truths.items():
            task = Task(known[position], spec_of(entry, known[position].name), is_blind=False)
            look = KeyPass.CONTROL_ARBITRATION
            keying.keep(connection, person, document_id, task, look, one)
        found = {position: one.entry for position, one in truths.items()}
        compared = settled(said, found)
        _change(
            connection, document_id, state=controls.DONE, done_at=sa.func.now(),
            machine_wrong=compared.machine_wrong, person_wrong=compared.person_wrong,
        )  # fmt: skip
        leases.end(connection, document_id)
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
        return corrections.correct(connection, person.actor, document_id, wrong)


def withdraw(engine: sa.Engine) -> int:
    """Give up controls of documents that people have taken in hand; returns how many.

    They count nowhere: nothing was compared.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    is_open = _c.state.in_((controls.WAITING, controls.DISPUTED))
    is_changed = sa.or_(_d.state.not_in(controls.UNTOUCHED), _d.type != _c.type)
    with transaction(engine) as connection:
        gone = connection.scalars(
            table.update()
            .where(_d.id == _c.document_id, is_open, is_changed)
            .values(state=controls.DONE, done_at=sa.func.now(), fields=0)
            .returning(_c.document_id)
        ).all()
        for document_id in gone:
            audit.record(connection, "quality", "control_withdrawn", str(document_id))
    return len(gone)


def _change(connection: sa.Connection, document_id: uuid.UUID, **values: Any) -> None:
    connection.execute(table.update().where(_c.document_id == document_id).values(**values))
