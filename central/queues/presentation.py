"""What every queue's page shows of a document, as JSON."""

import uuid
from typing import Any

from central.documents.store import Work, WorkPage, image_version
from central.web import formats, labels
from vaguemestre.model.plan import DocumentType

_REMARKS_SHOWN = 3


def present_document(loaded: Work, document_type: DocumentType) -> dict[str, Any]:
    """The document, its pages and what others said of it; not what is decided of it."""
    document = loaded.document
    shown = {
        name: document[name]
        for name in (
            "id", "type", "type_confidence", "runner_up", "site", "pole", "lot_name",
            "position", "received_on", "due_on", "priority", "key_pass",
        )
    }  # fmt: skip
    return shown | {
        "title": document_type.title,
        "marks": list(document["marks"]),
        "pages": [
            _page(document["id"], page)
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


def _page(document_id: uuid.UUID, page: WorkPage) -> dict[str, Any]:
    return {
        "number": page.number,
        "role": page.role,
        "width_mm": page.width_mm,
        "height_mm": page.height_mm,
        "version": image_version(page.sha256, page.file_index, page.rotation),
        "image": f"/api/documents/{document_id}/pages/{page.number}/image",
    }


def _returned(loaded: Work) -> dict[str, Any] | None:
    note = loaded.returned
    if note is None:
        return None
    return {
        "cause": labels.cause(note["cause"]),
        "comment": note["comment"],
        "destination": note["destination"],
    }


def _rescan(loaded: Work) -> dict[str, Any] | None:
    request = loaded.rescan
    if request is None or request["state"] not in ("answered", "impossible"):
        return None
    return {"state": request["state"], "reason": request["reason"], "answer": request["answer"]}
