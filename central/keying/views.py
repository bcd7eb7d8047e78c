"""The queue of documents to be keyed; its fields as a page shows them and as they come back."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.accounts.rules import Person
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import KeyedValue, KeyReason
from central.documents.store import Work, WorkPage, image_version
from central.documents.text import is_written
from central.errors import InputInvalid
from central.keying import store as keying_store
from central.keying.rules import KeyingTask, enclosing_box, find_field_spec, is_multiline
from central.keying.store import SubmittedField
from central.queues.views import WaitingDocuments, seconds_taken
from central.web import labels
from central.web.console import Console, Handler, id_in_path, json_response
from central.web.formats import field_name
from central.web.requests import PageRequest
from vaguemestre.model import values
from vaguemestre.model.calendar import paris_day
from vaguemestre.model.forms import FieldSpec
from vaguemestre.model.plan import DocumentType

_MOST_FIELDS = 500
_ZONE_MARGIN_MM = 3.0


class KeyingQueue(WaitingDocuments):
    """Documents of which fields are keyed or confirmed."""

    name, path, template = "key", "/videocoder", "keying.html"

    def present(self, _: Person, loaded: Work, document_type: DocumentType) -> dict[str, Any]:
        """What is to key, and what the machine is sure of."""
        tasks = keying_store.pending_tasks(self.engine, loaded.document, document_type)
        # What is keyed blind may have been accepted by the machine.
        to_key = {task.field.position for task in tasks}
        return present_keying(loaded, tasks) | {
            "fields": [
                {"label": field_name(one.name), "value": one.value, "accepted": one.accepted}
                for one in loaded.fields
                if one.value is not None and one.accepted and one.position not in to_key
            ]
        }

    def submit(self, request: PageRequest) -> Response:
        """Send every field that was to key."""
        document_id = id_in_path(request)
        state = keying_store.submit_keying(
            self.engine,
            request.who,
            document_id,
            self.console.plan().of,
            submitted_fields(self.console, request, document_id, self.name),
            self.console.config.console.take_back_s,
        )
        return json_response({"state": state.value})

    def acts(self) -> Mapping[str, Handler]:
        """What is asked of a document while it is keyed."""
        return {"check": self._check, "to-naming": self._send_to_naming}

    def _check(self, request: PageRequest) -> Response:
        """What the centre says of one value, before it is sent."""
        document_id = id_in_path(request)
        lease_store.demand_held(self.engine, request.who.id, document_id)
        document = documents_store.load_header(self.engine, request.who, document_id, self.name)
        entry = self.console.plan().of(document["type"], document["fund"])
        spec = find_field_spec(entry, request.text("name", most=100))
        value = request.text("value", most=values.MAX_TYPED_CHARACTERS)
        result = values.check_typed(spec, value, _today())
        return json_response(
            {"value": result.value, "check": result.check, "problem": result.problem}
        )

    def _send_to_naming(self, request: PageRequest) -> Response:
        keying_store.send_back_to_naming(self.engine, request.who, id_in_path(request))
        return json_response({})


def present_keying(loaded: Work, tasks: Sequence[KeyingTask]) -> dict[str, Any]:
    """Why a document is keyed, and what is to key of it.

    Fields in doubt are not among the reasons, since each of them is a task.
    """
    document = loaded.document
    reasons = [
        code
        for code in document["route_reasons"]
        if not code.startswith("field:") and code != labels.ALWAYS_BY_A_PERSON
    ]
    pages = {page.number: page for page in loaded.pages}
    return {
        "reasons": labels.reasons(reasons),
        "tasks": [present_task(document["id"], task, pages) for task in tasks],
    }


def present_task(
    document_id: uuid.UUID, task: KeyingTask, pages: Mapping[int, WorkPage]
) -> dict[str, Any]:
    """One field to key, with where to see it; of one that is keyed blind no value goes out."""
    field, page = task.field, pages.get(task.field.page)
    box, zone = None, ""
    if field.box_mm is not None and page is not None:
        box = enclosing_box(task.spec, field.box_mm, (page.width_mm, page.height_mm))
        query: dict[str, object] = dict(zip(("left", "top", "width", "height"), box, strict=True))
        query["margin"] = _ZONE_MARGIN_MM
        query["v"] = image_version(page.sha256, page.file_index, page.rotation)
        zone = f"/api/documents/{document_id}/pages/{page.number}/zone?{urlencode(query)}"
    is_hidden = task.is_blind or bool(task.others)
    return {
        "position": field.position,
        "name": field.name,
        "label": field_name(field.name),
        "kind": task.spec.kind,
        "check": task.spec.check,
        "required": task.spec.required,
        "may_lie_ahead": task.spec.may_lie_ahead,
        "is_blind": task.is_blind,
        "value": "" if is_hidden else field.value or "",
        "raw": "" if is_hidden else field.raw,
        "others": [{"value": e.value, "reason": e.reason} for e in task.others],
        "page": field.page,
        "box_mm": box,
        "has_lines": is_multiline(task.spec),
        "zone": zone,
    }


def submitted_fields(
    console: Console, request: PageRequest, document_id: uuid.UUID, queue: str
) -> dict[int, SubmittedField]:
    """The fields of a document that a request brings, by position; the look is audited.

    Raises:
        Forbidden, NotFound, StoreUnavailable: as ``central.documents.store.load_document``.
        InputInvalid: they are no such list, name no field, or one cannot be.
    """
    loaded = documents_store.load_document(console.engine, request.who, document_id, queue)
    entry = console.plan().of(loaded.document["type"], loaded.document["fund"])
    names = {field.position: field.name for field in loaded.fields}
    return parse_fields(request.content.get("fields"), entry, names, most=_MOST_FIELDS)


def parse_fields(
    content: Any, entry: DocumentType, names: Mapping[int, str], *, least: int = 0, most: int
) -> dict[int, SubmittedField]:
    """Fields that were sent of a document, by position.

    Args:
        content: As it came.
        entry: The document's type.
        names: Of the document's fields, by position.
        least: How many there must be.
        most: How many there may be.

    Raises:
        InputInvalid: they are no such list, name no field, or one cannot be.
    """
    if not isinstance(content, list) or not least <= len(content) <= most:
        raise InputInvalid("fields")
    fields = {}
    for one in content:
        position = one.get("position") if isinstance(one, dict) else None
        if not isinstance(position, int) or position not in names:
            raise InputInvalid("fields")
        fields[position] = _parse_field(find_field_spec(entry, names[position]), one)
    return fields


def _parse_field(spec: FieldSpec, content: dict[str, Any]) -> SubmittedField:
    """One field that was sent.

    Raises:
        InputInvalid: neither a value that can be nor a reason; names the field.
    """
    value, reason = content.get("value"), content.get("reason")
    if not isinstance(value, str | None) or len(value or "") > values.MAX_TYPED_CHARACTERS:
        raise InputInvalid(spec.name)
    if not is_written(value or ""):
        raise InputInvalid(f"{spec.name} : un caractère ne s'écrit pas")
    if reason:
        try:
            known = KeyReason(reason)
        except ValueError:
            raise InputInvalid(spec.name) from None
        kept = value if known is KeyReason.WRONG_ON_PAPER else None
        return SubmittedField(KeyedValue(kept, known), seconds=seconds_taken(content))
    result = values.check_typed(spec, value or "", _today())
    if result.problem or result.value is None:
        raise InputInvalid(f"{spec.name} : {result.problem}")
    return SubmittedField(KeyedValue(result.value), result.check, seconds_taken(content))


def _today() -> dt.date:
    """The day in France; no date on paper lies after it."""
    return paris_day(dt.datetime.now(dt.UTC))
