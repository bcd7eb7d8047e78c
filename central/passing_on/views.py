"""A document that somebody sends on to others, and who they may be."""

from starlette.responses import Response

from central.accounts.rules import KEYERS
from central.documents import store as documents_store
from central.errors import InputInvalid
from central.passing_on import store as passing_on_store
from central.passing_on.store import Way
from central.queues.views import queue_parameter
from central.web.console import Console, id_in_path, json_response
from central.web.requests import PageRequest


def register(console: Console) -> None:
    """Add both addresses."""
    pages = _Pages(console)
    console.page("/api/documents/{id}/pass-on", pages.pass_on, roles=KEYERS, method="POST")
    console.page("/api/documents/{id}/receivers", pages.receivers, roles=KEYERS, method="POST")


class _Pages:
    def __init__(self, console: Console) -> None:
        self._console, self._engine = console, console.engine

    def receivers(self, request: PageRequest) -> Response:
        """Who a document may be sent to."""
        document = documents_store.load_header(
            self._engine, request.who, id_in_path(request), queue_parameter(request)
        )
        people = passing_on_store.receivers(
            self._engine, request.who, document["site"], document["pole"]
        )
        return json_response({"colleagues": [{"id": one.id, "name": one.name} for one in people]})

    def pass_on(self, request: PageRequest) -> Response:
        """Let a document go to others, with a remark."""
        way = Way(
            request.text("way", most=20),
            " ".join(request.text("remark", most=500).split()),
            request.number("person", 0) or None,
            request.text("skill", most=100) or None,
        )
        if way.to_skill and way.to_skill not in self._console.plan().types:
            raise InputInvalid("skill")
        passing_on_store.pass_on(
            self._engine, request.who, id_in_path(request), queue_parameter(request), way
        )
        return json_response({})
