"""The queue of documents to be named, and what is done with their pages there."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import Response
from uuid6 import uuid7

from central.accounts.rules import KEYERS, Person
from central.documents import store as documents_store
from central.documents.store import Work
from central.errors import InputInvalid, NotFound
from central.naming import page_store
from central.naming import store as naming_store
from central.naming.rules import suggest_types
from central.queues import views as queues_views
from central.queues.views import WaitingDocuments, queue_parameter, seconds_taken
from central.sent_work import store as sent_work_store
from central.web import formats, labels
from central.web.cache import TimedCache
from central.web.console import Console, Handler, id_in_path, json_response, parse_id
from central.web.requests import PageRequest
from vaguemestre.model.calendar import add_working_days, public_holidays
from vaguemestre.model.lot import AskedSheet
from vaguemestre.model.plan import DocumentType

_USUAL_KEPT_S = 60.0
_TEXT_CHARACTERS = 4_000


def register(console: Console) -> None:
    """Add the types that a document may be given."""

    def types(_: PageRequest) -> Response:
        return json_response({"types": [_choice(one) for one in console.plan().types.values()]})

    console.page("/api/types", types, roles=KEYERS)


class NamingQueue(WaitingDocuments):
    """Documents of which a person says what they are."""

    name, path, template = "name", "/nommer", "naming.html"

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._usual = TimedCache[None, list[str]](_USUAL_KEPT_S)

    def present(self, person: Person, loaded: Work, _: DocumentType) -> dict[str, Any]:
        """Why it is to be named, what it may be, and others with the same image."""
        document = loaded.document
        same = naming_store.same_image_documents(self.engine, document["id"], person)
        return {
            "reasons": labels.reasons(document["route_reasons"]),
            "guesses": self._guesses(loaded),
            "twins": [_twin(row) for row in same],
        }

    def submit(self, request: PageRequest) -> Response:
        """Say what a document is."""
        document_id, plan = id_in_path(request), self.console.plan
        code = request.text("type", most=100, needed=True)
        if code not in plan().types:
            raise InputInvalid("type")
        document = documents_store.load_header(self.engine, request.who, document_id, self.name)
        entry = plan.shipped.of(code, document["fund"])
        state = naming_store.name_document(
            self.engine,
            request.who,
            document_id,
            entry,
            due_on=due_on(document["received_on"], entry.delay_days),
            seconds=seconds_taken(request.content),
            wait_s=self.console.config.console.take_back_s,
        )
        return json_response({"state": state.value})

    def acts(self) -> Mapping[str, Handler]:
        """Acts on its pages, and the request to scan it again."""
        acts = _PageActs(self)
        return {"act": acts.act, "rescan": acts.rescan}

    def _guesses(self, loaded: Work) -> list[dict[str, Any]]:
        plan, document = self.console.plan(), loaded.document
        text = loaded.pages[0].text[:_TEXT_CHARACTERS] if loaded.pages else ""
        usual = self._usual.get(None, lambda: naming_store.usual_types(self.engine))
        read_as = [code for code in (document["type"], document["runner_up"]) if code]
        codes = suggest_types(plan, read_as=read_as, text=text, usual=usual)
        return [_choice(plan.of(code, document["fund"])) for code in codes]


def due_on(received_on: dt.date, days: int) -> dt.date:
    """By when a document must be at its pôle."""
    return add_working_days(received_on, days, public_holidays([received_on]))


def _choice(entry: DocumentType) -> dict[str, Any]:
    return {"code": entry.code, "title": entry.title, "pole": entry.pole}


def _twin(row: Mapping[str, Any]) -> dict[str, Any]:
    """Another document with the same image, as somebody chooses among several."""
    place = f"lot {row['lot_name']}, n° {row['position'] + 1}, {row['site']}"
    text = f"{labels.kind(row['type'])} · {place} · {formats.moment(row['stored_at'])}"
    return {"id": row["id"], "told": f"{text} · {labels.document_state(row['state'])}"}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an act did.

    ``remains`` is the document to show; None: it is done with. ``others`` are documents that it
    changed or made besides. ``is_decision``: it can be undone.
    """

    remains: uuid.UUID | None
    others: tuple[uuid.UUID, ...] = ()
    is_decision: bool = True


_Act = Callable[[PageRequest, uuid.UUID], _Outcome]


class _PageActs:
    """What somebody does with a document's pages; each act answers what is shown next."""

    def __init__(self, queue: NamingQueue) -> None:
        self._queue, self._console, self._engine = queue, queue.console, queue.engine
        self._acts: Mapping[str, _Act] = {
            "turn": self._turn,
            "blank": self._blank,
            "split": self._split,
            "attach": lambda request, wanted: self._join(request, wanted, into_previous=True),
            "join": lambda request, wanted: self._join(request, wanted, into_previous=False),
            "duplicate": self._duplicate,
            "discard_blank": self._discard_blank,
            "urgent": self._urgent,
        }

    def act(self, request: PageRequest) -> Response:
        """Do one act.

        ``work`` is the document as it is now, null when it is done with; ``sent`` is what can be
        undone of it, and ``others`` what a page that holds them must load anew.
        """
        act = self._acts.get(request.text("act", most=20))
        if act is None:
            raise InputInvalid("act")
        outcome = act(request, id_in_path(request))
        sent = sent_work_store.last(self._engine, request.who, 1) if outcome.is_decision else []
        work = None
        if outcome.remains is not None:
            work = queues_views.present(self._console, self._queue, request.who, outcome.remains)
        last = asdict(sent[0]) if sent else None
        return json_response({"work": work, "sent": last, "others": outcome.others})

    def _turn(self, request: PageRequest, document_id: uuid.UUID) -> _Outcome:
        number = request.number("page", 0)
        quarters = request.number("quarters", 1, least=1, most=3)
        page_store.turn_page(self._engine, request.who, document_id, number, quarters)
        return _Outcome(document_id, is_decision=False)

    def _blank(self, request: PageRequest, document_id: uuid.UUID) -> _Outcome:
        number, is_blank = request.number("page", 0), request.content.get("blank") is not False
        page_store.mark_blank(self._engine, request.who, document_id, number, is_blank=is_blank)
        return _Outcome(document_id)

    def _split(self, request: PageRequest, document_id: uuid.UUID) -> _Outcome:
        lease_s = self._console.config.console.lease_s
        number, new_id = request.number("page", 0), uuid.UUID(str(uuid7()))
        page_store.split_document(self._engine, request.who, document_id, number, new_id, lease_s)
        return _Outcome(document_id, (new_id,))

    def _join(
        self, request: PageRequest, document_id: uuid.UUID, *, into_previous: bool
    ) -> _Outcome:
        both = page_store.join_documents(
            self._engine, request.who, document_id, into_previous=into_previous
        )
        others = tuple(one for one in both if one != document_id)
        return _Outcome(document_id if both[0] == document_id else None, others)

    def _duplicate(self, request: PageRequest, document_id: uuid.UUID) -> _Outcome:
        original = parse_id(request.text("original", most=36), "original")
        naming_store.discard_duplicate(self._engine, request.who, document_id, original)
        return _Outcome(None)

    def _discard_blank(self, request: PageRequest, document_id: uuid.UUID) -> _Outcome:
        naming_store.discard_blank(self._engine, request.who, document_id)
        return _Outcome(None)

    def _urgent(self, request: PageRequest, document_id: uuid.UUID) -> _Outcome:
        naming_store.set_urgent(self._engine, request.who, document_id)
        return _Outcome(document_id, is_decision=False)

    def rescan(self, request: PageRequest) -> Response:
        """Ask the station to scan a document again; whoever has it to key may, too."""
        reason, queue = request.text("reason", most=200, needed=True), queue_parameter(request)
        document_id = id_in_path(request)
        sheet = self._sheet(request, document_id, queue)
        naming_store.ask_rescan(self._engine, request.who, document_id, queue, reason, sheet)
        return json_response({})

    def _sheet(self, request: PageRequest, document_id: uuid.UUID, queue: str) -> AskedSheet:
        """Which sheet is meant: the page that the person was looking at, else the first."""
        loaded = documents_store.load_document(self._engine, request.who, document_id, queue)
        document = loaded.document
        entry = self._console.plan().of(document["type"], document["fund"])
        pages = [page.number for page in loaded.pages if page.role != "replaced"]
        number = request.number("page", pages[0] if pages else 0)
        if number not in pages:
            return AskedSheet(type_title=entry.title, pages=len(pages))
        try:
            picture = self._console.thumbnail(request.who, document_id, number)
        except NotFound:  # what cannot be shown can be scanned again all the more
            picture = b""
        page = pages.index(number) + 1
        return AskedSheet(0, entry.title, page, len(pages), picture)
