"""Deliveries in failure or held: why, and replaying or discarding many at a time."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.console import advice
from central.console.desk import Desk, go
from central.console.visit import Visit
from central.domain.access import Role
from central.errors import InputInvalid
from central.store import sites, stuck, upkeep
from central.store.stuck import Asked, Letter
from central.store.upkeep import Chosen

_READERS = (Role.OPERATIONS, Role.AUDITOR)
_ACTORS = (Role.OPERATIONS,)
_A_PAGE = 100
_TICK = "t:"
_FILTERS = ("destination", "code", "etat", "type", "site")
_STATES = {"dead": "en échec", "held": "retenue"}
_DONE = {"relancer": "livraison relancée", "ecarter": "livraison écartée"}


def register(desk: Desk) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/echecs", pages.index, roles=_READERS)
    desk.page("/echecs/choisir", pages.choose, roles=_ACTORS, method="POST")
    desk.page("/echecs/relancer", pages.replay, roles=_ACTORS, method="POST")
    desk.page("/echecs/ecarter", pages.discard, roles=_ACTORS, method="POST")


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def index(self, visit: Visit) -> Response:
        engine = self._desk.engine
        asked = {name: visit.text(name) for name in _FILTERS}
        chosen = replace(
            _limited(visit),
            destination=asked["destination"] or None,
            code=asked["code"] or None,
            state=_state(asked["etat"]),
        )
        every = stuck.groups(engine, _limited(visit))
        listed = Asked(asked["type"], asked["site"], _after(visit.text("apres")))
        letters = stuck.letters(engine, chosen, listed, _A_PAGE + 1)
        more = len(letters) > _A_PAGE
        letters = letters[:_A_PAGE]
        kept = {name: value for name, value in asked.items() if value}
        next_page = urlencode({**kept, "apres": _cursor(letters[-1])}) if more else ""
        known = sites.names(engine)
        seen = visit.who.sites
        return self._desk.show(
            visit,
            "dead_letters.html",
            groups=every,
            listed=letters,
            advice=advice.of,
            states=_STATES,
            filters=asked,
            is_further=bool(visit.text("apres")),
            first_page=urlencode(kept),
            next_page=next_page,
            options={
                "destination": sorted({g.destination for g in every}),
                "code": sorted({g.code for g in every if g.code}),
                "type": sorted(self._desk.catalogue().types),
                "site": [one for one in known if not seen or one in seen],
            },
            may_act=visit.who.has_any(_ACTORS),
            done=_DONE.get(visit.text("fait"), ""),
            count=visit.number("nombre", 0),
        )

    def choose(self, visit: Visit) -> Response:
        """Show what would be replayed or discarded, and ask."""
        act = visit.text("acte", needed=True)
        if act not in _DONE:
            raise InputInvalid("acte")
        chosen, fields = self._chosen(visit)
        counts = stuck.counted(self._desk.engine, chosen)
        is_discard = act == "ecarter"
        doubted = stuck.in_doubt(self._desk.engine, chosen) if is_discard else {}
        count = counts["dead"] + (counts["held"] if is_discard else 0) - sum(doubted.values())
        return self._desk.show(
            visit,
            "dead_letters_confirm.html",
            act=act,
            count=count,
            left=sum(counts.values()) - count - sum(doubted.values()),
            doubted=doubted,
            groups=stuck.groups(self._desk.engine, chosen),
            fields=fields,
        )

    def replay(self, visit: Visit) -> Response:
        chosen, _ = self._chosen(visit)
        return _done("relancer", upkeep.replay_chosen(self._desk.engine, visit.who.actor, chosen))

    def discard(self, visit: Visit) -> Response:
        chosen, _ = self._chosen(visit)
        reason = visit.text("motif", most=500, needed=True)
        count = upkeep.discard_chosen(self._desk.engine, visit.who.actor, reason, chosen)
        return _done("ecarter", count)

    def _chosen(self, visit: Visit) -> tuple[Chosen, dict[str, str]]:
        """What a form means, within what its sender may see, and its fields to send on.

        Raises:
            InputInvalid: it means nothing.
        """
        limited = _limited(visit)
        ticks = [name for name in visit.content if name.startswith(_TICK)]
        if ticks:
            return replace(limited, pairs=_pairs(ticks)), dict.fromkeys(ticks, "on")
        if not visit.text("groupe"):
            raise InputInvalid("aucune livraison cochée")
        fields = {"groupe": "1", "destination": visit.text("destination", needed=True)}
        fields |= {"etat": visit.text("etat", needed=True), "code": visit.text("code")}
        group = replace(
            limited,
            destination=fields["destination"],
            code=fields["code"],
            state=_state(fields["etat"]),
        )
        return group, fields


def _limited(visit: Visit) -> Chosen:
    return Chosen(sites=visit.who.sites, poles=visit.who.poles)


def _state(text: str) -> str | None:
    if text and text not in _STATES:
        raise InputInvalid("etat")
    return text or None


def _pairs(ticks: Iterable[str]) -> list[tuple[uuid.UUID, str]]:
    pairs = []
    for tick in ticks:
        document_id, _, destination = tick.removeprefix(_TICK).partition(":")
        try:
            pairs.append((uuid.UUID(document_id), destination))
        except ValueError:
            raise InputInvalid("document") from None
    return pairs


def _cursor(letter: Letter) -> str:
    return f"{letter.created_at.isoformat()}|{letter.document_id}|{letter.destination}"


def _after(text: str) -> tuple[dt.datetime, uuid.UUID, str] | None:
    if not text:
        return None
    try:
        at, document_id, destination = text.split("|")
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, uuid.UUID(document_id), destination
    except ValueError:
        raise InputInvalid("apres") from None


def _done(act: str, count: int) -> Response:
    values: dict[str, Any] = {"fait": act, "nombre": count}
    return go(f"/echecs?{urlencode(values)}")
