"""What all pages of the console share: templates, navigation, addresses, answers, parameters.

A page is one plain, synchronous function of a request that runs in a thread. Who is signed in,
whether they may, where the request came from and how much it brings is settled before it is
called::

    console.page("/echecs", replay, roles=OPERATIONS, method="POST")

Parameters of addresses and forms become values here; a wrong one is an error that names it.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from central.accounts.rules import Person, Role
from central.blobs import BlobStore
from central.config import CentralConfig
from central.db.engine import Engine
from central.documents.text import without_controls
from central.errors import InputInvalid, NotFound
from central.rendering.runner import Renderer
from central.sealing import Seal
from central.telemetry import Telemetry
from central.web import commands, formats, labels
from central.web.rate_limit import RequestLimiter
from central.web.requests import PageRequest, RequestGuard
from central.web.sessions import Sessions
from vaguemestre.model.plan import Plan

_MOST_IDS = 24


def id_in_path(visit: PageRequest, name: str = "id") -> uuid.UUID:
    """The id in the page's address.

    Raises:
        NotFound: what stands there is none, so there is nothing of that name.
    """
    try:
        return uuid.UUID(str(visit.request.path_params[name]))
    except ValueError as error:
        raise NotFound("not an id") from error


def parse_id(value: object, name: str = "id") -> uuid.UUID:
    """An id that came in a request.

    Raises:
        InputInvalid: it is none; tells ``name``.
    """
    try:
        return uuid.UUID(value) if isinstance(value, str) else uuid.UUID("")
    except ValueError:
        raise InputInvalid(name) from None


def ids_parameter(visit: PageRequest, name: str) -> list[uuid.UUID]:
    """A list of ids of documents, as many as one page holds.

    Raises:
        InputInvalid: it is none, or too long.
    """
    values = visit.content.get(name, [])
    if not isinstance(values, list) or len(values) > _MOST_IDS:
        raise InputInvalid(name)
    return [parse_id(one) for one in values]


def day_parameter(visit: PageRequest, name: str) -> dt.date | None:
    """A day as browsers send it (2026-11-24); None when it is not there.

    Raises:
        InputInvalid: it is none.
    """
    text = visit.text(name, most=10)
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputInvalid(name) from error


def cursor_parameter(visit: PageRequest, name: str) -> tuple[str, uuid.UUID] | None:
    """Where the next page of a list begins: ``key_id``, of ``cursor_text``; None: at its start.

    Raises:
        InputInvalid: it is none of ours.
    """
    text = visit.text(name, most=100)
    if not text:
        return None
    key, _, last = text.rpartition("_")
    try:
        return key, uuid.UUID(last)
    except ValueError as error:
        raise InputInvalid(name) from error


def cursor_text(key: object, last: uuid.UUID) -> str:
    """Name the last row of a page, for the link to the next one."""
    text = key.isoformat() if isinstance(key, dt.date) else str(key)
    return f"{text}_{last}"


_HERE = Path(__file__).parent


def _shown(value: Any) -> Any:
    """What is stored may have come before it was cleaned: it is not shown as it is."""
    return without_controls(value) if type(value) is str else value


Handler = Callable[[PageRequest], Response]


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the navigation; ``roles`` says who sees it.

    ``of_all``: what it leads to is of all sites and pôles, so who is limited does not see it.
    """

    path: str
    text: str
    roles: frozenset[Role]
    of_all: bool = False

    def is_for(self, person: Person) -> bool:
        """Whether it is any of somebody's business."""
        return person.has_any(self.roles) and not (self.of_all and person.scope.is_limited)


_KEYERS = frozenset({Role.KEYER, Role.SUPERVISOR})
_WATCHERS = frozenset({Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR})

NAVIGATION = (
    NavigationItem("/nommer", "Nommer", _KEYERS),
    NavigationItem("/videocoder", "Vidéocoder", _KEYERS),
    NavigationItem("/grouper", "Grouper", _KEYERS),
    NavigationItem("/controle", "Contrôler", _KEYERS),
    NavigationItem("/exploitation", "Exploitation", _WATCHERS),
    NavigationItem("/delais", "Délais", _WATCHERS),
    NavigationItem("/lots", "Lots", _WATCHERS | {Role.SCANNER}),
    NavigationItem("/recherche", "Recherche", frozenset({Role.OPERATIONS, Role.SUPERVISOR})),
    NavigationItem("/echecs", "Échecs", frozenset({Role.OPERATIONS, Role.AUDITOR})),
    NavigationItem("/retenues", "Retenues", _WATCHERS),
    NavigationItem("/plan", "Plan", _WATCHERS),
    NavigationItem("/qualite", "Qualité", _WATCHERS),
    NavigationItem("/rapports", "Rapports", _WATCHERS),
    NavigationItem("/audit", "Audit", frozenset({Role.AUDITOR}), of_all=True),
    NavigationItem("/personnes", "Personnes", frozenset({Role.ADMIN}), of_all=True),
)


class PlanSource(Protocol):
    """The plan as it holds now, when called (``central.plan.views.CurrentPlan``)."""

    @property
    def shipped(self) -> Plan:
        """The pack's own."""
        ...

    def __call__(self) -> Plan:
        """With every change that holds."""
        ...


@dataclass(slots=True)
class Console:
    """What pages are made with."""

    config: CentralConfig
    engine: Engine
    blobs: BlobStore
    events: Telemetry
    plan: PlanSource
    sessions: Sessions
    limits: RequestLimiter
    renderer: Renderer
    seal: Seal
    routes: list[Route] = field(default_factory=list)
    thumbnail: Callable[[Person, uuid.UUID, int], bytes] = lambda *_: b""
    """A page's small picture as JPEG, for whoever may see the document."""
    navigation: tuple[NavigationItem, ...] = NAVIGATION
    templates: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(sorted(_HERE.parent.glob("*/templates"))),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )

    def __post_init__(self) -> None:
        self.templates.filters.update(formats.FILTERS)
        self.templates.globals["labels"] = labels

    @property
    def keep_every_s(self) -> float:
        """How often a page says that it still holds documents."""
        return max(1.0, self.config.console.lease_s / 4)

    def page(
        self,
        path: str,
        handler: Handler,
        *,
        roles: Collection[Role] | None,
        method: str = "GET",
        max_bytes: int = 65_536,
        of_all: bool = False,
    ) -> None:
        """Serve a path.

        Args:
            path: As Starlette writes it.
            handler: Called in a thread; raises ``CentralError`` for what it refuses.
            roles: Any of which is needed; None: open to whoever comes.
            method: GET, or POST, which needs the session's token.
            max_bytes: Of the request's body.
            of_all: It is of all sites and pôles: who is limited to some is refused.
        """
        allowed = None if roles is None else frozenset(roles)
        own_address = self.config.console.public_url
        door = RequestGuard(
            self.sessions, self.limits, own_address, handler, allowed, max_bytes, of_all=of_all
        )
        self.routes.append(Route(path, door.open, methods=[method]))

    def show(
        self, visit: PageRequest, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page in the common frame."""
        person = visit.person
        text = self.templates.get_template(template).render(
            person=person,
            csrf=visit.csrf,
            here=visit.request.url.path,
            letters=commands.letters_of(person.letters if person else ()),
            navigation=[e for e in self.navigation if person and e.is_for(person)],
            **values,
        )
        return HTMLResponse(text, status_code=status)


def home_of(person: Person, navigation: Collection[NavigationItem]) -> str:
    """Where somebody begins: the first page that is theirs."""
    return next((e.path for e in navigation if e.is_for(person)), "/compte")


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer; ids and moments become text."""
    text = json.dumps(value, default=formats.plain, ensure_ascii=False)
    return Response(text.encode(), status_code=status, media_type="application/json")


def redirect(path: str) -> RedirectResponse:
    """Send the browser to another page after a POST."""
    return RedirectResponse(path, status_code=303)


def safe_local_path(path: str) -> str:
    """Where to go on to; a page of ours, whatever an address says.

    Browsers take a backslash for a slash and leave tabs and line ends out: what holds one of
    these could be another host.
    """
    is_own = path.startswith("/") and not path.startswith("//")
    return path if is_own and "\\" not in path and path.isprintable() else "/"


def select_options(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """A mapping as the options of a list, by text."""
    return sorted(values.items(), key=lambda item: item[1])
