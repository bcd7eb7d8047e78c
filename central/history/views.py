"""A document's page: its history, its images with the fields' boxes, its versions, its audit trail.

The history is put together from the document's tables and the audit trail, in the order in which
things happened. Operations and supervisors see the content. Auditors see what was done and by whom,
but no image and no value: they judge the work, not the mail.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from central.accounts.rules import KEYERS, WATCHERS, Person, Role
from central.delays import rules as delays_rules
from central.documents import store as documents_store
from central.documents.rules import (
    MAX_COMMENT_CHARACTERS,
    DeliveryState,
    DocumentState,
    ReturnCause,
    ReturnNote,
)
from central.errors import InputInvalid, StepRefused
from central.history import store as store_life
from central.history.store import DocumentHistory
from central.keying.rules import Box, enclosing_box, find_field_spec
from central.rescans import store as rescans_store
from central.returns import store as returns_store
from central.returns.store import ReturnOutcome
from central.web import console, formats, labels
from central.web.console import Console, redirect
from central.web.formats import field_name
from central.web.requests import PageRequest
from vaguemestre.model.calendar import paris_day, public_holidays
from vaguemestre.model.plan import DocumentType, KeyingMode

_ACTS = {
    "named": "Nommé",
    "split": "Séparé",
    "joined": "Joint à un autre",
    "attached": "Joint au document précédent",
    "turned": "Page tournée",
    "blanked": "Page marquée blanche",
    "unblanked": "Page marquée non blanche",
    "blank": "Écarté, pages blanches",
    "misdirected": "Autre organisme",
    "duplicate": "Doublon",
    "urgent": "Marqué urgent",
}
_RESCANNED = {
    "answered": ("Numérisé de nouveau", ""),
    "impossible": ("Nouvelle numérisation impossible", "bad"),
    "withdrawn": ("Demande de nouvelle numérisation retirée", ""),
}
_TOLD_BY_AUDIT = {
    "delivery_dead": "bad",
    "delivery_replayed": "",
    "delivery_discarded": "warn",
    "document_hurried": "warn",
    "document_unhurried": "",
    "document_rerouted": "",
    "document_sent_to_naming": "warn",
    "document_taken_back": "warn",
    "document_taken_out_of_group": "warn",
}
"""What no table of its own tells, with its tone."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened; ``tone`` is good, warn or bad, or nothing."""

    at: dt.datetime
    what: str
    detail: str = ""
    tone: str = ""


def history_entries(life: DocumentHistory) -> tuple[HistoryEntry, ...]:
    """Everything that happened, the first first."""
    found = [event for part in _PARTS for event in part(life)]
    return tuple(sorted(found, key=lambda event: event.at))


def _arrival(life: DocumentHistory) -> Iterator[HistoryEntry]:
    one = life.document
    where = f"{one['site']}, {one['station']}, {labels.channel(one['channel'])}"
    if one["split_from"]:
        yield HistoryEntry(one["stored_at"], "Séparé d'un autre document")
        return
    yield HistoryEntry(one["received_at"], "Reçu à la station", where)
    if (read_at := _time_of(one["id"])) is not None:
        kind = f"{labels.kind(one['type'])}, confiance {100 * one['type_confidence']:.0f}\u00a0%"
        yield HistoryEntry(read_at, "Lu par la station", kind)
    why = ", ".join(labels.reasons(one["route_reasons"]))
    route = labels.route(one["route"])
    told = f"{route} : {why}" if why else route
    yield HistoryEntry(one["stored_at"], "Enregistré au centre", told)


def _by_people(life: DocumentHistory) -> Iterator[HistoryEntry]:
    for one in life.namings:
        if one["act"] == "rescan":
            continue  # told with its reason below
        kinds = labels.kind(one["type_after"])
        if one["type_before"] != one["type_after"]:
            kinds = f"{labels.kind(one['type_before'])} → {kinds}"
        what = str(_ACTS.get(one["act"], one["act"]))
        yield HistoryEntry(one["named_at"], what, f"{kinds}, par {one['name']}")
    for one in life.keyings:
        plural = "s" if one["fields"] > 1 else ""
        detail = f"{one['fields']} champ{plural}, par {one['name']}"
        if one["seconds"]:
            detail += f", {formats.duration(one['seconds'])}"
        yield HistoryEntry(one["last_at"], labels.keying(one["keyed_pass"]).capitalize(), detail)


def _remarks(life: DocumentHistory) -> Iterator[HistoryEntry]:
    for one in life.remarks:
        said = f" : « {one['remark']} »" if one["remark"] else ""
        yield HistoryEntry(one["written_at"], labels.passed_on(one), f"par {one['name']}{said}")


def _rescans(life: DocumentHistory) -> Iterator[HistoryEntry]:
    for one in life.rescans:
        yield HistoryEntry(one["asked_at"], "Nouvelle numérisation demandée", one["reason"], "warn")
        if one["told_at"]:
            yield HistoryEntry(one["told_at"], "Demande connue du site", one["site"])
        if one["answered_at"]:
            what, tone = _RESCANNED.get(one["state"], (labels.rescan(one["state"]), ""))
            yield HistoryEntry(one["answered_at"], what, one["answer"], tone)


def _deliveries(life: DocumentHistory) -> Iterator[HistoryEntry]:
    for one in life.deliveries:
        where = one["destination"]
        yield HistoryEntry(one["created_at"], f"Livraison décidée vers {where}")
        if one["delivered_at"]:
            detail = f"{one['attempts']} essai{'s' if one['attempts'] > 1 else ''}"
            detail += f", reçu {one['receipt']}" if one["receipt"] else ""
            yield HistoryEntry(one["delivered_at"], f"Livré à {where}", detail, "good")
    for one in life.returns:
        cause = labels.cause(one["cause"])
        yield HistoryEntry(one["returned_at"], f"Rendu par {one['destination']}", cause, "bad")


def _controls(life: DocumentHistory) -> Iterator[HistoryEntry]:
    for one in life.controls:
        yield HistoryEntry(one["drawn_at"], "Tiré pour le contrôle qualité")
        if one["done_at"]:
            wrong = one["machine_wrong"]
            detail = f"{one['fields']} champs comparés, {wrong} erreur{'s' if wrong > 1 else ''}"
            yield HistoryEntry(one["done_at"], "Contrôlé", detail, "warn" if wrong else "good")


def _audited(life: DocumentHistory) -> Iterator[HistoryEntry]:
    for line in life.audit:
        if line["action"] in _TOLD_BY_AUDIT:
            what = labels.action_label(line["action"]).capitalize()
            yield HistoryEntry(line["at"], what, _who(line), _TOLD_BY_AUDIT[line["action"]])


def _who(line: Mapping[str, Any]) -> str:
    told = labels.detail_text(line["detail"])
    return f"{labels.actor_label(line['actor'])}{', ' if told else ''}{told}"


def _time_of(document_id: uuid.UUID) -> dt.datetime | None:
    """When an id was given: its first 48 bits are milliseconds, if it is a UUIDv7."""
    if document_id.version != 7:
        return None
    try:
        return dt.datetime.fromtimestamp((document_id.int >> 80) / 1_000, dt.UTC)
    except (OverflowError, ValueError):
        return None  # 48 bits reach further than the calendar


_PARTS: tuple[Callable[[DocumentHistory], Iterator[HistoryEntry]], ...] = (
    _arrival, _by_people, _remarks, _rescans, _deliveries, _controls, _audited,
)  # fmt: skip


_SEE_CONTENT = (Role.OPERATIONS, Role.SUPERVISOR)
_ACT = (Role.OPERATIONS,)
_WITHDRAW = (Role.OPERATIONS, Role.SUPERVISOR)
_READ_FAILURES = (Role.OPERATIONS, Role.AUDITOR)
_MOST_REASON = 500
_DOUBTED = (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.DEAD)
_TO_KEY = (DocumentState.TO_NAME, DocumentState.TO_KEY, DocumentState.TO_RESCAN)


def register(desk: Console) -> None:
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
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine

    def one(self, visit: PageRequest) -> Response:
        who, document_id = visit.who, console.id_in_path(visit)
        sees_content = who.has_any(_SEE_CONTENT)
        found = store_life.load_history(self._engine, document_id, who, with_content=sees_content)
        document = found.document
        entry = self._desk.plan().of(document["type"], document["fund"])
        state = DocumentState(document["state"])
        today = paris_day(dt.datetime.now(dt.UTC))
        days_left = None
        if document["due_on"] is not None:
            holidays = public_holidays([today])
            days_left = delays_rules.working_days(today, document["due_on"], holidays)
        return self._desk.show(
            visit,
            "document.html",
            life=replace(found, fields=[_shown(one, who, found, entry) for one in found.fields]),
            document=document,
            title=entry.title,
            events=history_entries(found),
            days_left=days_left,
            is_done=state in (DocumentState.DELIVERED, DocumentState.DISCARDED),
            sees_content=sees_content,
            field_name=field_name,
            version=documents_store.image_version,
            acts=who.has_any(_ACT),
            may_name_again=store_life.may_be_named_again(document),
            is_in_doubt=is_in_doubt,
            received=[d["destination"] for d in found.deliveries if _may_be_given_back(d)],
            causes=labels.CAUSES,
            open_rescan=who.has_any(_WITHDRAW)
            and rescans_store.open_one(found.rescans) is not None,
            reads_failures=who.has_any(_READ_FAILURES),
        )

    def hurry(self, visit: PageRequest) -> Response:
        document_id = console.id_in_path(visit)
        is_urgent = bool(visit.number("urgent", 1, most=1))
        store_life.set_priority(self._engine, document_id, visit.who, is_urgent=is_urgent)
        return redirect(f"/documents/{document_id}")

    def name_again(self, visit: PageRequest) -> Response:
        document_id = console.id_in_path(visit)
        reason = visit.text("reason", most=_MOST_REASON, needed=True)
        store_life.back_to_naming(self._engine, document_id, visit.who, reason)
        return redirect(f"/documents/{document_id}")

    def withdraw_rescan(self, visit: PageRequest) -> Response:
        """Nobody needs it scanned again: the sheet was found, or can be read after all."""
        document_id, who = console.id_in_path(visit), visit.who
        documents_store.check_visible(self._engine, who.scope, document_id)
        if not rescans_store.withdraw_of(self._engine, document_id, who.actor):
            raise StepRefused(f"no open request for {document_id}")
        return redirect(f"/documents/{document_id}")

    def give_back(self, visit: PageRequest) -> Response:
        """A pôle has told us, by telephone or letter, that a document is not for it."""
        document_id, who = console.id_in_path(visit), visit.who
        destination = visit.text("destination", needed=True)
        code = visit.text("cause", needed=True)
        if code not in set(ReturnCause):
            raise InputInvalid("cause")
        documents_store.check_visible(self._engine, who.scope, document_id)
        note = ReturnNote(ReturnCause(code), visit.text("comment", most=MAX_COMMENT_CHARACTERS))
        taken = returns_store.accept_return(
            self._engine, document_id, destination, note, "console", actor=who.actor
        )
        if taken is not ReturnOutcome.TAKEN:
            raise StepRefused(f"{document_id} is not delivered to {destination}")
        return redirect(f"/documents/{document_id}")


def is_in_doubt(delivery: Mapping[str, Any]) -> bool:
    """Whether a pôle may have a document without having said so."""
    return delivery["doubts"] > 0 and DeliveryState(delivery["state"]) in _DOUBTED


def _may_be_given_back(delivery: Mapping[str, Any]) -> bool:
    return delivery["state"] == DeliveryState.DELIVERED or is_in_doubt(delivery)


def _shown(
    field: Mapping[str, Any], person: Person, life: DocumentHistory, entry: DocumentType
) -> dict[str, Any]:
    """A field as somebody may see it; what was read is no secret to who never keys."""
    field = {**field, "box_mm": _box(field, life, entry)}
    if not person.has_any(KEYERS) or not _is_to_key_blind(field, life, entry):
        return {**field, "is_hidden": False}
    return {**field, "value": None, "raw": "", "is_hidden": True}


def _box(field: Mapping[str, Any], life: DocumentHistory, entry: DocumentType) -> Box | None:
    """Where all of a field stands."""
    page = next((one for one in life.pages if one["number"] == field["page"]), None)
    if not field["box_mm"] or page is None:
        return None
    left, top, width, height = field["box_mm"]
    size = (page["width_mm"], page["height_mm"])
    return enclosing_box(find_field_spec(entry, field["name"]), (left, top, width, height), size)


def _is_to_key_blind(field: Mapping[str, Any], life: DocumentHistory, entry: DocumentType) -> bool:
    """Whether people have yet to say what a field holds, without knowing what was read."""
    if field["source"] != "machine":
        return False
    if any(control["state"] != "done" for control in life.controls):
        return True
    is_twice = entry.mode_of(find_field_spec(entry, field["name"])) is KeyingMode.DOUBLE
    return is_twice and DocumentState(life.document["state"]) in _TO_KEY
