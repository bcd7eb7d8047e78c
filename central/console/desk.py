"""What the console's pages share, and how a page is written: one function of a visit.

A page's function is plain, synchronous code that runs in a thread; who is signed in, whether they
may, where the request came from and how much it brings is settled before it is called::

    desk.page("/echecs", replay, roles=OPERATIONS, method="POST")
"""

import json
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from central.blobs import BlobStore
from central.config import CentralConfig
from central.console import formats, labels
from central.console.limits import Limits
from central.console.plan import Plan
from central.console.sessions import Sessions
from central.console.visit import Door, Visit
from central.domain import commands
from central.domain.access import Person, Role
from central.domain.clean import without_controls
from central.events import Events
from central.rendering.runner import Renderer
from central.sealing import Seal
from central.store.engine import Engine

_HERE = Path(__file__).parent


def _shown(value: Any) -> Any:
    """What is stored may have come before it was cleaned: it is not shown as it is."""
    return without_controls(value) if type(value) is str else value


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation; ``roles`` says who sees it.

    ``of_all``: what it leads to is of all sites and pôles, so who is limited does not see it.
    """

    path: str
    text: str
    roles: frozenset[Role]
    of_all: bool = False

    def is_for(self, person: Person) -> bool:
        """Whether it is any of somebody's business."""
        return person.has_any(self.roles) and not (self.of_all and person.is_limited)


_KEYERS = frozenset({Role.KEYER, Role.SUPERVISOR})
_WATCHERS = frozenset({Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR})

NAVIGATION = (
    Entry("/nommer", "Nommer", _KEYERS),
    Entry("/videocoder", "Vidéocoder", _KEYERS),
    Entry("/grouper", "Grouper", _KEYERS),
    Entry("/controle", "Contrôler", _KEYERS),
    Entry("/exploitation", "Exploitation", _WATCHERS),
    Entry("/delais", "Délais", _WATCHERS),
    Entry("/lots", "Lots", _WATCHERS | {Role.SCANNER}),
    Entry("/recherche", "Recherche", frozenset({Role.OPERATIONS, Role.SUPERVISOR})),
    Entry("/echecs", "Échecs", frozenset({Role.OPERATIONS, Role.AUDITOR})),
    Entry("/retenues", "Retenues", _WATCHERS),
    Entry("/plan", "Plan", _WATCHERS),
    Entry("/qualite", "Qualité", _WATCHERS),
    Entry("/rapports", "Rapports", _WATCHERS),
    Entry("/audit", "Audit", frozenset({Role.AUDITOR}), of_all=True),
    Entry("/personnes", "Personnes", frozenset({Role.ADMIN}), of_all=True),
)


@dataclass(slots=True)
class Desk:
    """What pages are made with."""

    config: CentralConfig
    engine: Engine
    blobs: BlobStore
    events: Events
    catalogue: Plan
    sessions: Sessions
    limits: Limits
    renderer: Renderer
    seal: Seal
    routes: list[Route] = field(default_factory=list)
    thumbnail: Callable[[Person, uuid.UUID, int], bytes] = lambda *_: b""
    """A page's small picture as JPEG, for whoever may see the document."""
    navigation: tuple[Entry, ...] = NAVIGATION
    templates: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(_HERE / "templates"),
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
        door = Door(
            self.sessions, self.limits, own_address, handler, allowed, max_bytes, of_all=of_all
        )
        self.routes.append(Route(path, door.open, methods=[method]))

    def show(self, visit: Visit, template: str, status: int = 200, **values: Any) -> HTMLResponse:
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


def home_of(person: Person, navigation: Collection[Entry]) -> str:
    """Where somebody begins: the first page that is theirs."""
    return next((e.path for e in navigation if e.is_for(person)), "/compte")


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer; ids and moments become text."""
    text = json.dumps(value, default=formats.plain, ensure_ascii=False)
    return Response(text.encode(), status_code=status, media_type="application/json")


def go(path: str) -> RedirectResponse:
    """Send the browser to another page after a POST."""
    return RedirectResponse(path, status_code=303)


def own(path: str) -> str:
    """Where to go on to; a page of ours, whatever an address says.

    Browsers take a backslash for a slash and leave tabs and line ends out: what holds one of
    these could be another host.
    """
    is_own = path.startswith("/") and not path.startswith("//")
    return path if is_own and "\\" not in path and path.isprintable() else "/"


def options(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """A mapping as the options of a list, by text."""
    return sorted(values.items(), key=lambda item: item[1])
