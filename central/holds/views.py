"""Holding a destination, a type or a site, and letting it go again."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlencode

from starlette.responses import Response

from central.accounts.rules import Person, Role
from central.errors import Forbidden, InputInvalid
from central.holds import store as holds_store
from central.holds.store import Hold
from central.monitoring import store as store_sites
from central.web import formats
from central.web.cache import TimedCache
from central.web.console import Console, redirect
from central.web.requests import PageRequest

_READERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)
_ACTORS = (Role.OPERATIONS,)
_ENDED = 30
_REMEMBERED_S = 5.0
KINDS: Mapping[str, str] = MappingProxyType(
    {"destination": "destination", "type": "type", "site": "site"}
)


def register(desk: Console) -> None:
    """Add the pages, and what any page needs to show the banner of what is held."""
    pages = _Pages(desk)
    desk.templates.globals["open_holds"] = pages.banner
    desk.templates.globals["hold_kinds"] = KINDS
    desk.page("/retenues", pages.index, roles=_READERS)
    desk.page("/retenues", pages.place, roles=_ACTORS, method="POST", max_bytes=8_192)
    path = "/retenues/{id:int}/lever"
    desk.page(path, pages.release, roles=_ACTORS, method="POST", max_bytes=8_192)


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._open = TimedCache[None, list[Hold]](_REMEMBERED_S)

    def banner(self, person: Person | None) -> list[Hold]:
        """What any page says is held; asked of the database once a moment, however many show it."""
        holds = self._open.get(None, lambda: holds_store.open_holds(self._desk.engine))
        return _seen(person, holds)

    def index(self, visit: PageRequest) -> Response:
        may_act = visit.who.has_any(_ACTORS)
        return self._desk.show(
            visit,
            "holds.html",
            open_now=_seen(visit.who, holds_store.open_holds(self._desk.engine)),
            past=_seen(visit.who, holds_store.ended_holds(self._desk.engine, _ENDED)),
            choices=self._choices(visit.who) if may_act else {},
            may_act=may_act,
            may=lambda kind, value: _may(visit.who, kind, value),
            told=_told(visit),
        )

    def place(self, visit: PageRequest) -> Response:
        kind, _, value = visit.text("quoi", needed=True).partition(":")
        reason = visit.text("motif", most=500, needed=True)
        if kind not in KINDS or not value:
            raise InputInvalid("quoi")
        _demand(visit.who, kind, value)
        if value not in {one for one, _, _ in self._choices(visit.who)[kind]}:
            raise InputInvalid("quoi")
        held = holds_store.place_hold(self._desk.engine, visit.who.login, kind, value, reason)
        self._open.clear()
        return redirect(f"/retenues?{urlencode({'retenu': value, 'nombre': held})}")

    def release(self, visit: PageRequest) -> Response:
        one = holds_store.find_hold(self._desk.engine, visit.request.path_params["id"])
        _demand(visit.who, one.kind, one.value)
        known = [destination.name for destination in self._desk.config.destinations]
        released = holds_store.release_hold(self._desk.engine, visit.who.login, one.id, known)
        self._open.clear()
        return redirect(f"/retenues?{urlencode({'leve': one.value, 'nombre': released})}")

    def _choices(self, person: Person) -> dict[str, list[tuple[str, str, int]]]:
        """What somebody may hold: value, title, how much is to be delivered."""
        engine, types = self._desk.engine, self._desk.plan().types
        to_deliver = holds_store.to_deliver(engine)
        destinations = {one.name for one in self._desk.config.destinations}
        destinations |= {value for kind, value in to_deliver if kind == "destination"}
        titles = {code: entry.title for code, entry in types.items() if entry.title != code}
        found = {
            "destination": sorted(destinations),
            "type": sorted({*types, *(value for kind, value in to_deliver if kind == "type")}),
            "site": store_sites.site_names(engine, person.scope),
        }
        return {
            kind: [
                (
                    value,
                    titles.get(value, "") if kind == "type" else "",
                    to_deliver.get((kind, value), 0),
                )
                for value in values
                if _may(person, kind, value)
            ]
            for kind, values in found.items()
        }


def _may(person: Person, kind: str, value: str) -> bool:
    """A hold reaches whatever is of that kind: only a site is within somebody's limits."""
    scope = person.scope
    if kind == "site":
        return not scope.poles and scope.may_see_site(value)
    return not scope.is_limited


def _seen(person: Person | None, found: Sequence[Hold]) -> list[Hold]:
    """What of it is somebody's business: not the holds of sites that they do not see."""
    if person is None:
        return []
    may_see = person.scope.may_see_site
    return [one for one in found if one.kind != "site" or may_see(one.value)]


def _demand(person: Person, kind: str, value: str) -> None:
    if not _may(person, kind, value):
        raise Forbidden(f"{kind} {value}")


def _told(visit: PageRequest) -> str:
    count = visit.number("nombre", 0)
    if value := visit.text("retenu"):
        return f"{value} est retenu : {formats.counted(count, 'livraison en attente')}."
    if value := visit.text("leve"):
        return f"{value} n'est plus retenu : {formats.counted(count, 'livraison libérée')}."
    return ""
