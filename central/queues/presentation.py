"""A document as the naming and keying pages show it."""

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from central.accounts.rules import Person
from central.documents import store as store_work
from central.documents.store import Work, WorkPage, image_version
from central.keying import store as keying_store
from central.keying.rules import KeyingTask, enclosing_box, is_multiline
from central.naming import rules as naming_rules
from central.naming import store as naming_store
from central.quality import store as quality_store
from central.web import formats, labels
from central.web.console import Console
from central.web.formats import field_name
from vaguemestre.model.catalogue import TypeEntry

_USUAL_KEPT_S = 60.0
_TEXT_CHARACTERS = 4_000
_REMARKS_SHOWN = 3
_ZONE_MARGIN_MM = 3.0


class DocumentPresenter:
    """Makes what a page needs of a document."""

    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._usual: tuple[float, Sequence[str]] = (-_USUAL_KEPT_S, ())

    def work(self, person: Person, document_id: uuid.UUID, queue: str) -> dict[str, Any]:
        """The document for a queue.

        Raises:
            NotFound, Forbidden, StoreUnavailable: as ``central.documents.store.load_document``.
        """
        loaded = store_work.load_document(self._desk.engine, person, document_id, queue)
        document = loaded.document
        entry = self._desk.catalogue().of(document["type"], document["fund"])
        told = {
            name: document[name]
            for name in (
                "id", "type", "type_confidence", "runner_up", "site", "pole", "lot_name",
                "position", "received_on", "due_on", "priority", "key_pass",
            )
        }  # fmt: skip
        told |= {
            "title": entry.title,
            "reasons": labels.reasons(_telling(document["route_reasons"], queue)),
            "marks": list(document["marks"]),
            "pages": [
                _page(document_id, page)
                for page in sorted(loaded.pages, key=lambda page: page.role == "replaced")
            ],
            "draft": loaded.draft,
            "returned": _returned(loaded),
            "rescan": _rescan(loaded),
            "remarks": [
                {
                    "what": labels.passed_on(one),
                    "by": one["name"],
                    "at": formats.moment(one["written_at"]),
                    "text": one["remark"],
                }
                for one in loaded.remarks[-_REMARKS_SHOWN:]
            ],
        }
        if queue == "name":
            told["guesses"] = self._guesses(loaded)
            told["twins"] = [
                _twin(row)
                for row in naming_store.same_image_documents(self._desk.engine, document_id, person)
            ]
        else:
            told["tasks"] = self._tasks(loaded, entry, queue)
            to_key = {task["position"] for task in told["tasks"]}
            told["fields"] = [
                {"label": field_name(f.name), "value": f.value, "accepted": f.accepted}
                for f in loaded.fields
                if f.value is not None
                and f.accepted
                and queue != quality_store.QUEUE
                # What is keyed blind may have been accepted by the machine.
                and f.position not in to_key
            ]
        return told

    def _guesses(self, loaded: Work) -> list[dict[str, Any]]:
        catalogue, document = self._desk.catalogue(), loaded.document
        text = loaded.pages[0].text[:_TEXT_CHARACTERS] if loaded.pages else ""
        read_as = [code for code in (document["type"], document["runner_up"]) if code]
        found = naming_rules.suggest_types(
            catalogue, read_as=read_as, text=text, usual=self._usually()
        )
        entries = [catalogue.of(code, document["fund"]) for code in found]
        return [{"code": e.code, "title": e.title, "pole": e.pole} for e in entries]

    def _usually(self) -> Sequence[str]:
        with self._lock:
            at, known = self._usual
            if time.monotonic() - at < _USUAL_KEPT_S:
                return known
        found = naming_store.usual_types(self._desk.engine)
        with self._lock:
            self._usual = (time.monotonic(), found)
        return found

    def _tasks(self, loaded: Work, entry: TypeEntry, queue: str) -> list[dict[str, Any]]:
        engine, document = self._desk.engine, loaded.document
        if queue == quality_store.QUEUE:
            found = quality_store.control_tasks(engine, document["id"], entry)
        else:
            found = keying_store.pending_tasks(engine, document, entry)
        pages = {page.number: page for page in loaded.pages}
        return [present_task(loaded.document["id"], task, pages) for task in found]


def _telling(codes: Sequence[str], queue: str) -> Sequence[str]:
    """Who keys sees the fields listed; who names is told why they are named."""
    if queue == "name":
        return codes
    return [c for c in codes if not c.startswith("field:") and c != labels.ALWAYS_BY_A_PERSON]


def _page(document_id: uuid.UUID, page: WorkPage) -> dict[str, Any]:
    return {
        "number": page.number,
        "role": page.role,
        "width_mm": page.width_mm,
        "height_mm": page.height_mm,
        "version": image_version(page.sha256, page.file_index, page.rotation),
        "image": f"/api/documents/{document_id}/pages/{page.number}/image",
    }


def present_task(
    document_id: uuid.UUID, task: KeyingTask, pages: dict[int, WorkPage]
) -> dict[str, Any]:
    """One field to key, with where to see it."""
    field, page = task.field, pages.get(task.field.page)
    box, zone = None, ""
    if field.box_mm is not None and page is not None:
        box = enclosing_box(task.spec, field.box_mm, (page.width_mm, page.height_mm))
        asked = dict(zip(("left", "top", "width", "height"), box, strict=True))
        asked["margin"] = _ZONE_MARGIN_MM
        seen = image_version(page.sha256, page.file_index, page.rotation)
        zone = (
            f"/api/documents/{document_id}/pages/{page.number}/zone?"
            f"{urlencode({**asked, 'v': seen})}"
        )
    return {
        "position": field.position,
        "name": field.name,
        "label": field_name(field.name),
        "kind": task.spec.kind,
        "check": task.spec.check,
        "required": task.spec.required,
        "may_lie_ahead": task.spec.may_lie_ahead,
        "is_blind": task.is_blind,
        "value": "" if task.is_blind or task.others else field.value or "",
        "raw": "" if task.is_blind or task.others else field.raw,
        "others": [{"value": e.value, "reason": e.reason} for e in task.others],
        "page": field.page,
        "box_mm": box,
        "has_lines": is_multiline(task.spec),
        "zone": zone,
    }


def _twin(row: Mapping[str, Any]) -> dict[str, Any]:
    """Another document with the same image, as somebody chooses among several."""
    where = f"lot {row['lot_name']}, n° {row['position'] + 1}, {row['site']}"
    told = f"{labels.kind(row['type'])} · {where} · {formats.moment(row['stored_at'])}"
    return {"id": row["id"], "told": f"{told} · {labels.document_state(row['state'])}"}


def _returned(loaded: Work) -> dict[str, Any] | None:
    found = loaded.returned
    if found is None:
        return None
    return {
        "cause": labels.cause(found["cause"]),
        "comment": found["comment"],
        "destination": found["destination"],
    }


def _rescan(loaded: Work) -> dict[str, Any] | None:
    found = loaded.rescan
    if found is None or found["state"] not in ("answered", "impossible"):
        return None
    return {"state": found["state"], "reason": found["reason"], "answer": found["answer"]}
