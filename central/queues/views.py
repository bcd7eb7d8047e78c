"""What every queue has: its page, and documents that are taken, held, drafted and let go of.

The queues themselves belong to the features that know what is decided in them (``Queue``); nothing
here knows which there are. Answers are JSON. A person's page holds the document that is shown and
the one after it, so that the next is there at once.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from starlette.responses import Response

from central.accounts.rules import KEYERS, Person
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.store import Work
from central.errors import InputInvalid, LeaseLost
from central.queues.presentation import present_document
from central.web.console import (
    Console,
    Handler,
    id_in_path,
    ids_parameter,
    json_response,
    parse_id,
)
from central.web.requests import PageRequest
from vaguemestre.model.plan import DocumentType

_LONGEST_S = 86_400.0


class Queue(Protocol):
    """Documents that wait for the same decision of a person."""

    name: str
    """As leases, drafts and the address of its answer call it: ``/api/documents/{id}/{name}``."""
    path: str
    """Of its page."""
    template: str
    """Of its page."""

    def take_next(
        self, person: Person, lease_s: float, besides: Collection[uuid.UUID], *, is_ahead: bool
    ) -> uuid.UUID | None:
        """Lease the next document to somebody; ``besides`` is what their page holds already."""
        ...

    def take_document(self, person: Person, document_id: uuid.UUID, lease_s: float) -> bool:
        """Lease one document; False when it is somebody else's, or does not wait for them."""
        ...

    def present(self, person: Person, loaded: Work, document_type: DocumentType) -> dict[str, Any]:
        """What this queue's page shows of a document beside what every queue's page does."""
        ...

    def submit(self, request: PageRequest) -> Response:
        """Store what was decided of the document in the address."""
        ...

    def acts(self) -> Mapping[str, Handler]:
        """What its page posts of a document beside its answer, by the end of the address."""
        ...


class WaitingDocuments:
    """Takes documents that wait in the state of their queue (``lease_store.STATE_OF``)."""

    name: str

    def __init__(self, console: Console) -> None:
        self.console, self.engine = console, console.engine

    def take_next(
        self, person: Person, lease_s: float, besides: Collection[uuid.UUID], *, is_ahead: bool
    ) -> uuid.UUID | None:
        """As ``lease_store.take_next``."""
        return lease_store.take_next(
            self.engine, person, self.name, lease_s, besides=besides, is_ahead=is_ahead
        )

    def take_document(self, person: Person, document_id: uuid.UUID, lease_s: float) -> bool:
        """As ``lease_store.take_document``."""
        return lease_store.take_document(self.engine, person, document_id, self.name, lease_s)


def register(console: Console, queues: Iterable[Queue]) -> None:
    """Add the queues' pages, their answers and what their pages ask all the same."""
    pages = _Pages(console, {queue.name: queue for queue in queues})
    for queue in pages.queues.values():
        console.page(queue.path, pages.page_of(queue), roles=KEYERS)
    for path, handler in (
        ("/api/work/take", pages.take),
        ("/api/work/keep", pages.renew),
        ("/api/work/leave", pages.release),
        ("/api/documents/{id}/draft", pages.draft),
        *((f"/api/documents/{{id}}/{name}", one.submit) for name, one in pages.queues.items()),
        *(
            (f"/api/documents/{{id}}/{end}", act)
            for queue in pages.queues.values()
            for end, act in queue.acts().items()
        ),
    ):
        console.page(path, handler, roles=KEYERS, method="POST")


class _Pages:
    def __init__(self, console: Console, queues: Mapping[str, Queue]) -> None:
        self._console, self._engine = console, console.engine
        self._lease_s = console.config.console.lease_s
        self.queues = queues

    def page_of(self, queue: Queue) -> Handler:
        return lambda request: self._console.show(
            request, queue.template, keep_every_s=self._console.keep_every_s
        )

    def take(self, request: PageRequest) -> Response:
        """The next document of a queue, or one that the request names."""
        queue, person = self._queue(request), request.who
        if wanted := request.text("id", most=36):
            document_id = parse_id(wanted)
            if not queue.take_document(person, document_id, self._lease_s):
                raise LeaseLost(wanted)
        else:
            is_ahead = request.content.get("ahead") is True
            besides = ids_parameter(request, "besides")
            found = queue.take_next(person, self._lease_s, besides, is_ahead=is_ahead)
            if found is None:
                return json_response({"work": None})
            document_id = found
        return json_response({"work": present(self._console, queue, person, document_id)})

    def renew(self, request: PageRequest) -> Response:
        """A page is still open; it hears which documents are still its own."""
        shown = request.text("shown", most=36)
        kept = lease_store.renew(
            self._engine,
            request.who.id,
            ids_parameter(request, "ids"),
            self._lease_s,
            shown=parse_id(shown) if shown else None,
        )
        return json_response({"kept": kept})

    def release(self, request: PageRequest) -> Response:
        lease_store.release(self._engine, request.who.id, ids_parameter(request, "ids"))
        return json_response({})

    def draft(self, request: PageRequest) -> Response:
        content = request.content.get("content")
        if not isinstance(content, dict):
            raise InputInvalid("content")
        queue = self._queue(request).name
        documents_store.save_draft(
            self._engine, request.who.id, id_in_path(request), queue, content
        )
        return json_response({})

    def _queue(self, request: PageRequest) -> Queue:
        queue = self.queues.get(request.text("queue", most=10))
        if queue is None:
            raise InputInvalid("queue")
        return queue


def present(
    console: Console, queue: Queue, person: Person, document_id: uuid.UUID
) -> dict[str, Any]:
    """A document as its queue's page shows it; the look is audited.

    Raises:
        NotFound, Forbidden, StoreUnavailable: as ``central.documents.store.load_document``.
    """
    loaded = documents_store.load_document(console.engine, person, document_id, queue.name)
    document_type = console.plan().of(loaded.document["type"], loaded.document["fund"])
    return {
        **present_document(loaded, document_type),
        **queue.present(person, loaded, document_type),
    }


def queue_parameter(request: PageRequest) -> str:
    """The queue in which somebody has a document that they do not finish: name or key.

    Raises:
        InputInvalid: there is none of that name, or its documents wait for nobody (a control).
    """
    queue = request.text("queue", most=10)
    if queue not in lease_store.STATE_OF:
        raise InputInvalid("queue")
    return queue


def seconds_taken(content: Mapping[str, Any]) -> float | None:
    """How long a person took, as their page says; None: it does not, or nobody takes as long."""
    value = content.get("seconds")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= _LONGEST_S else None
