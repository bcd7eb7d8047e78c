"""What people said of fields, as labelled samples for training; and its end.

A field's truth is the last that was said of it: an arbiter after the two, the control after the
machine. Fields that are still in somebody's hands have none yet.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from central.accounts.rules import Person
from central.accounts.scope import scope_conditions
from central.db import audit
from central.db.engine import transaction
from central.db.tables import controls, documents, drafts, fields, keyings, pages, rescans
from central.sent_work import store as sent_work_store

_k, _f, _d, _p, _c = keyings.c, fields.c, documents.c, pages.c, controls.c
_r = rescans.c
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """Which samples; empty means any."""

    since: dt.datetime | None = None
    type: str = ""
    field: str = ""
    limit: int = 100_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One field of one document: where it stands, what was read, what is true.

    ``machine_value`` is what the station read; ``truth`` is None where ``reason`` says why.
    """

    document_id: uuid.UUID
    position: int
    type: str
    field: str
    truth: str | None
    reason: str | None
    machine_value: str | None
    machine_confidence: float | None
    machine_accepted: bool
    key_pass: str
    raw: str
    box_mm: tuple[float, float, float, float]
    sha256: bytes
    file_index: int
    rotation: int
    skew_deg: float
    dpi: float
    width_mm: float
    height_mm: float
    versions: Mapping[str, str]


def select_samples(
    engine: sa.Engine, person: Person, wanted: SampleFilter, keep_s: float, *, through: str
) -> list[Sample]:
    """Find samples for somebody to take away, oldest first; the trail says how many and which.

    Args:
        engine: The database.
        person: Whose sites and pôles limit what there is.
        wanted: Which.
        keep_s: Older ones are never given, whether they were forgotten yet or not.
        through: The account of the machine that the command was run under, for the trail.

    Raises:
        StoreUnavailable: nothing was given.
    """
    with transaction(engine) as connection:
        rows = connection.execute(_query(person, wanted, keep_s)).mappings()
        found = [
            Sample(**{**row, "box_mm": tuple(row["box_mm"]), "sha256": bytes(row["sha256"])})
            for row in rows
        ]
        audit.record(
            connection,
            person.actor,
            "samples_exported",
            "samples",
            count=len(found),
            documents=len({one.document_id for one in found}),
            since=wanted.since.isoformat() if wanted.since else None,
            type=wanted.type,
            field=wanted.field,
            through=through,
        )
    return found


def _query(person: Person, wanted: SampleFilter, keep_s: float) -> sa.Select[tuple[object, ...]]:
    oldest = sa.func.now() - dt.timedelta(seconds=keep_s)
    last = (
        sa.select(keyings)
        .ext(distinct_on(_k.document_id, _k.position))
        .where(_k.keyed_at >= oldest, sa.or_(_k.value.is_not(None), _k.reason.is_not(None)))
        .order_by(_k.document_id, _k.position, _k.id.desc())
    )
    if wanted.since is not None:
        last = last.where(_k.keyed_at >= wanted.since)
    if wanted.field:
        last = last.where(_k.name == wanted.field)
    k = last.subquery("k").c
    is_replaced = sa.exists().where(
        _r.document_id == k.document_id, _r.state == "answered", _r.answered_at > k.keyed_at
    )
    is_disputed = sa.exists().where(_c.document_id == k.document_id, _c.state == "disputed")
    query = (
        sa.select(
            k.document_id, k.position, _d.type, k.name.label("field"), k.value.label("truth"),
            k.reason, k.machine_value, k.machine_confidence, k.machine_accepted,
            k["pass"].label("key_pass"), _f.raw, _f.box_mm, _p.sha256, _p.file_index,
            _p.rotation, _p.skew_deg, _p.dpi, _p.width_mm, _p.height_mm, _d.versions,
        )
        .join(documents, _d.id == k.document_id)
        .join(
            fields,
            # Of another name: what was keyed is of the type that the document had before.
            sa.and_(
                _f.document_id == k.document_id, _f.position == k.position, _f.name == k.name
            ),
        )
        .join(pages, sa.and_(_p.document_id == k.document_id, _p.number == _f.page))
        .where(_f.box_mm.is_not(None), _d.state != "to_key", ~is_disputed, ~is_replaced)
        .order_by(k.id)
        .limit(wanted.limit)
    )  # fmt: skip
    if wanted.type:
        query = query.where(_d.type == wanted.type)
    return query.where(*scope_conditions(person.scope, _d.site, _d.pole))


@dataclass(frozen=True, slots=True)
class ErasedCounts:
    """What one round of forgetting did."""

    values: int  # keyed ones, with what the machine had read
    drafts: int


def erase_expired(engine: sa.Engine, keep_samples_s: float, keep_drafts_s: float) -> ErasedCounts:
    """Empty what was keyed long ago and delete drafts that were left behind; counts stay.

    Raises:
        StoreUnavailable: what was done until then stays done.
    """
    values = 0
    while batch := _forget_values(engine, keep_samples_s):
        values += batch
    with transaction(engine) as connection:
        sent_work_store.forget(connection)
        left = connection.execute(
            drafts.delete().where(drafts.c.saved_at < _before(keep_drafts_s))
        ).rowcount
        if left:
            audit.record(connection, "quality", "drafts_deleted", "drafts", count=left)
    return ErasedCounts(values, left)


def _forget_values(engine: sa.Engine, keep_s: float) -> int:
    # What is not settled yet is compared with what comes: two emptied values would agree.
    is_needed = sa.or_(
        sa.exists().where(_d.id == _k.document_id, _d.state == "to_key"),
        sa.exists().where(_c.document_id == _k.document_id, _c.state == "disputed"),
    )
    old: sa.ScalarSelect[int] = (
        sa.select(_k.id)
        .where(
            _k.keyed_at < _before(keep_s),
            sa.or_(_k.value.is_not(None), _k.machine_value.is_not(None)),
            ~is_needed,
        )
        .limit(_BATCH)
        .scalar_subquery()
    )
    with transaction(engine) as connection:
        count = connection.execute(
            keyings.update().where(_k.id.in_(old)).values(value=None, machine_value=None)
        ).rowcount
        if count:
            audit.record(connection, "quality", "keyings_forgotten", "keyings", count=count)
    return count


def _before(seconds: float) -> sa.ColumnElement[dt.datetime]:
    return sa.func.now() - dt.timedelta(seconds=seconds)
