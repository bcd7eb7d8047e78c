"""A document's page: its life, its images with the fields' boxes, its versions, its audit trail.

Operations and supervisors see what it holds. Auditors see what was done with it and by whom, but
no image and no value: they judge the work, not the mail.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from central.console import asked, audit_words, labels, lifeline
from central.console.board import WATCHERS
from central.console.desk import Desk, go
from central.console.field_names import field_name
from central.console.visit import Visit
from central.console.work import KEYERS
from central.domain import delays
from central.domain.access import Person, Role
from central.domain.keying import spec_of
from central.domain.lifecycle import DeliveryState, DocumentState
from central.domain.returns import MAX_COMMENT_CHARACTERS, Cause, ReturnNote
from central.domain.whole_field import Box, whole_box
from central.errors import Forbidden, InputInvalid, StepRefused
from central.store import life as store_life
from central.store import rescans, returns, views
from central.store.life import Life
from central.store.returns import Returned
from vaguemestre.model import clock
from vaguemestre.model.calendar import public_holidays
from vaguemestre.model.catalogue import KeyingMode, TypeEntry

_SEE_CONTENT = (Role.OPERATIONS, Role.SUPERVISOR)
_ACT = (Role.OPERATIONS,)
_WITHDRAW = (Role.OPERATIONS, Role.SUPERVISOR)
_READ_FAILURES = (Role.OPERATIONS, Role.AUDITOR)
_MOST_REASON = 500
_DOUBTED = (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.DEAD)
_TO_KEY = (DocumentState.TO_NAME, DocumentState.TO_KEY, DocumentState.TO_RESCAN)


def register(desk: Desk) -> None:
    """Add the page and what operations may do there."""
    pages = _Pages(desk)
    desk.page("/documents/{id}", pages.one, roles=WATCHERS)
    for name, act in (
        ("urgent", pages.hurry), ("nommer", pages.name_again), ("rendre", pages.give_back),
    ):  # fmt: skip
        desk.page(f"/documents/{{id}}/{name}", act, roles=_ACT, method="POST", max_bytes=8_192)
    path = "/documents/{id}/retirer-demande"
    desk.page(path, pages.withdraw_rescan, roles=_WITHDRAW, method="POST")


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._engine = desk, desk.engine

    def one(self, visit: Visit) -> Response:
        who, document_id = visit.who, asked.id_in_path(visit)
        sees_content = who.has_any(_SEE_CONTENT)
        found = store_life.load(self._engine, document_id, who, with_content=sees_content)
        document = found.document
        entry = self._desk.catalogue().of(document["type"], document["fund"])
        state = DocumentState(document["state"])
        today = clock.day(dt.datetime.now(dt.UTC))
        days_left = None
        if document["due_on"] is not None:
            holidays = public_holidays([today])
            days_left = delays.working_days(today, document["due_on"], holidays)
        return self._desk.show(
            visit,
            "document.html",
            life=replace(found, fields=[_shown(one, who, found, entry) for one in found.fields]),
            document=document,
            title=entry.title,
            events=lifeline.events(found),
            days_left=days_left,
            is_done=state in (DocumentState.DELIVERED, DocumentState.DISCARDED),
            sees_content=sees_content,
            field_name=field_name,
            words=audit_words,
            version=views.version,
            acts=who.has_any(_ACT),
            may_name_again=store_life.may_be_named_again(document),
            is_in_doubt=is_in_doubt,
            received=[d["destination"] for d in found.deliveries if _may_be_given_back(d)],
            causes=labels.CAUSES,
            open_rescan=who.has_any(_WITHDRAW) and rescans.open_one(found.rescans) is not None,
            reads_failures=who.has_any(_READ_FAILURES),
        )

    def hurry(self, visit: Visit) -> Response:
        document_id = asked.id_in_path(visit)
        is_urgent = bool(visit.number("urgent", 1, most=1))
        store_life.hurry(self._engine, document_id, visit.who, is_urgent=is_urgent)
        return go(f"/documents/{document_id}")

    def name_again(self, visit: Visit) -> Response:
        document_id = asked.id_in_path(visit)
        reason = visit.text("reason", most=_MOST_REASON, needed=True)
        store_life.back_to_naming(self._engine, document_id, visit.who, reason)
        return go(f"/documents/{document_id}")

    def withdraw_rescan(self, visit: Visit) -> Response:
        """Nobody needs it scanned again: the sheet was found, or can be read after all."""
        document_id, who = asked.id_in_path(visit), visit.who
        if not store_life.may_see(self._engine, document_id, who):
            raise Forbidden(f"document {document_id}")
        if not rescans.withdraw_of(self._engine, document_id, who.actor):
            raise StepRefused(f"no open request for {document_id}")
        return go(f"/documents/{document_id}")

    def give_back(self, visit: Visit) -> Response:
        """A pôle has told us, by telephone or letter, that a document is not for it."""
        document_id, who = asked.id_in_path(visit), visit.who
        destination = visit.text("destination", needed=True)
        code = visit.text("cause", needed=True)
        if code not in set(Cause):
            raise InputInvalid("cause")
        if not store_life.may_see(self._engine, document_id, who):
            raise Forbidden(f"document {document_id}")
        note = ReturnNote(Cause(code), visit.text("comment", most=MAX_COMMENT_CHARACTERS))
        taken = returns.give_back(
            self._engine, document_id, destination, note, "console", actor=who.actor
        )
        if taken is not Returned.TAKEN:
            raise StepRefused(f"{document_id} is not delivered to {destination}")
        return go(f"/documents/{document_id}")


def is_in_doubt(delivery: Mapping[str, Any]) -> bool:
    """Whether a pôle may have a document without having said so."""
    return delivery["doubts"] > 0 and DeliveryState(delivery["state"]) in _DOUBTED


def _may_be_given_back(delivery: Mapping[str, Any]) -> bool:
    return delivery["state"] == DeliveryState.DELIVERED or is_in_doubt(delivery)


def _shown(
    field: Mapping[str, Any], person: Person, life: Life, entry: TypeEntry
) -> dict[str, Any]:
    """A field as somebody may see it; what was read is no secret to who never keys."""
    field = {**field, "box_mm": _box(field, life, entry)}
    if not person.has_any(KEYERS) or not _is_to_key_blind(field, life, entry):
        return {**field, "is_hidden": False}
    return {**field, "value": None, "raw": "", "is_hidden": True}


def _box(field: Mapping[str, Any], life: Life, entry: TypeEntry) -> Box | None:
    """Where all of a field stands."""
    page = next((one for one in life.pages if one["number"] == field["page"]), None)
    if not field["box_mm"] or page is None:
        return None
    left, top, width, height = field["box_mm"]
    size = (page["width_mm"], page["height_mm"])
    return whole_box(spec_of(entry, field["name"]), (left, top, width, height), size)


def _is_to_key_blind(field: Mapping[str, Any], life: Life, entry: TypeEntry) -> bool:
    """Whether people have yet to say what a field holds, without knowing what was read."""
    if field["source"] != "machine":
        return False
    if any(control["state"] != "done" for control in life.controls):
        return True
    is_twice = spec_of(entry, field["name"]).mode is KeyingMode.DOUBLE
    return is_twice and DocumentState(life.document["state"]) in _TO_KEY
