"""A document's life in the order in which it happened, from what its tables and the audit hold."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from central.console import audit_words, formats, labels
from central.store.life import Life

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
class Event:
    """Something that happened; ``tone`` is good, warn or bad, or nothing."""

    at: dt.datetime
    what: str
    detail: str = ""
    tone: str = ""


def events(life: Life) -> tuple[Event, ...]:
    """Everything that happened, the first first."""
    found = [event for part in _PARTS for event in part(life)]
    return tuple(sorted(found, key=lambda event: event.at))


def _arrival(life: Life) -> Iterator[Event]:
    one = life.document
    where = f"{one['site']}, {one['station']}, {labels.channel(one['channel'])}"
    if one["split_from"]:
        yield Event(one["stored_at"], "Séparé d'un autre document")
        return
    yield Event(one["received_at"], "Reçu à la station", where)
    if (read_at := _time_of(one["id"])) is not None:
        kind = f"{labels.kind(one['type'])}, confiance {100 * one['type_confidence']:.0f}\u00a0%"
        yield Event(read_at, "Lu par la station", kind)
    why = ", ".join(labels.reasons(one["route_reasons"]))
    route = labels.route(one["route"])
    told = f"{route} : {why}" if why else route
    yield Event(one["stored_at"], "Enregistré au centre", told)


def _by_people(life: Life) -> Iterator[Event]:
    for one in life.namings:
        if one["act"] == "rescan":
            continue  # told with its reason below
        kinds = labels.kind(one["type_after"])
        if one["type_before"] != one["type_after"]:
            kinds = f"{labels.kind(one['type_before'])} → {kinds}"
        what = str(_ACTS.get(one["act"], one["act"]))
        yield Event(one["named_at"], what, f"{kinds}, par {one['name']}")
    for one in life.keyings:
        plural = "s" if one["fields"] > 1 else ""
        detail = f"{one['fields']} champ{plural}, par {one['name']}"
        if one["seconds"]:
            detail += f", {formats.duration(one['seconds'])}"
        yield Event(one["last_at"], labels.keying(one["keyed_pass"]).capitalize(), detail)


def _remarks(life: Life) -> Iterator[Event]:
    for one in life.remarks:
        said = f" : « {one['remark']} »" if one["remark"] else ""
        yield Event(one["written_at"], labels.passed_on(one), f"par {one['name']}{said}")


def _rescans(life: Life) -> Iterator[Event]:
    for one in life.rescans:
        yield Event(one["asked_at"], "Nouvelle numérisation demandée", one["reason"], "warn")
        if one["told_at"]:
            yield Event(one["told_at"], "Demande connue du site", one["site"])
        if one["answered_at"]:
            what, tone = _RESCANNED.get(one["state"], (labels.rescan(one["state"]), ""))
            yield Event(one["answered_at"], what, one["answer"], tone)


def _deliveries(life: Life) -> Iterator[Event]:
    for one in life.deliveries:
        where = one["destination"]
        yield Event(one["created_at"], f"Livraison décidée vers {where}")
        if one["delivered_at"]:
            detail = f"{one['attempts']} essai{'s' if one['attempts'] > 1 else ''}"
            detail += f", reçu {one['receipt']}" if one["receipt"] else ""
            yield Event(one["delivered_at"], f"Livré à {where}", detail, "good")
    for one in life.returns:
        cause = labels.cause(one["cause"])
        yield Event(one["returned_at"], f"Rendu par {one['destination']}", cause, "bad")


def _controls(life: Life) -> Iterator[Event]:
    for one in life.controls:
        yield Event(one["drawn_at"], "Tiré pour le contrôle qualité")
        if one["done_at"]:
            wrong = one["machine_wrong"]
            detail = f"{one['fields']} champs comparés, {wrong} erreur{'s' if wrong > 1 else ''}"
            yield Event(one["done_at"], "Contrôlé", detail, "warn" if wrong else "good")


def _audited(life: Life) -> Iterator[Event]:
    for line in life.audit:
        if line["action"] in _TOLD_BY_AUDIT:
            what = audit_words.action(line["action"]).capitalize()
            yield Event(line["at"], what, _who(line), _TOLD_BY_AUDIT[line["action"]])


def _who(line: Mapping[str, Any]) -> str:
    told = audit_words.detail(line["detail"])
    return f"{audit_words.actor(line['actor'])}{', ' if told else ''}{told}"


def _time_of(document_id: uuid.UUID) -> dt.datetime | None:
    """When an id was given: its first 48 bits are milliseconds, if it is a UUIDv7."""
    if document_id.version != 7:
        return None
    try:
        return dt.datetime.fromtimestamp((document_id.int >> 80) / 1_000, dt.UTC)
    except (OverflowError, ValueError):
        return None  # 48 bits reach further than the calendar


_PARTS: tuple[Callable[[Life], Iterator[Event]], ...] = (
    _arrival, _by_people, _remarks, _rescans, _deliveries, _controls, _audited,
)  # fmt: skip
