"""What ``vaguemestre-edge read`` says of files: the JSON contract of docs/read.schema.json."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from edge.results import LotResult
from edge.sources.folder import grouping
from edge.spool.page_order import natural
from vaguemestre.model.document import Document, Field, ImageRef, Page, RouteKind

_ROUTES = {
    RouteKind.STRAIGHT: "direct",
    RouteKind.NAME: "à nommer",
    RouteKind.KEY: "à vidéocoder",
}


def to_json(results: Sequence[LotResult]) -> dict[str, Any]:
    """All documents of all lots, then all that was set aside.

    Every image is told among some document's pages. Those that belong to none, separators and
    blanks, stand behind the pages of the document that follows them in the lot, or else comes
    before them; a lot that holds nothing else is told as one unknown document. The other image
    of a side that was scanned twice stands behind its page, without text.
    """
    return {
        "documents": [entry for result in results for entry in _documents(result)],
        "set_aside": [
            {"file": a.file, "page": a.page, "code": a.code, "reason": a.reason}
            for result in results
            for a in result.set_aside
        ],
    }


def _documents(result: LotResult) -> list[dict[str, Any]]:
    entries = [_document(document) for document in result.documents]
    if result.loose_pages and not entries:
        entries = [_nothing_else()]
    starts = [_place(document.pages[0].ref) for document in result.documents]
    for page in result.loose_pages:
        place = _place(page.ref)
        follower = next((i for i, start in enumerate(starts) if start > place), -1)
        entries[follower]["pages"] += _page(page)
    return entries


def _place(ref: ImageRef) -> tuple[object, int]:
    """Sorts as the lot's pages do."""
    return natural(tuple(ref.file.split("/"))), ref.index


def _nothing_else() -> dict[str, Any]:
    return {
        "type": "unknown",
        "type_confidence": 0.0,
        "runner_up": None,
        "layout": None,
        "pole": None,
        "route": RouteKind.NAME.value,
        "pages": [],
        "fields": [],
    }


def _document(document: Document) -> dict[str, Any]:
    return {
        "type": document.type,
        "type_confidence": document.type_confidence,
        "runner_up": document.runner_up,
        "layout": document.layout.value if document.layout else None,
        "pole": document.route.pole,
        "route": document.route.kind.value,
        "pages": [entry for page in document.pages for entry in _page(page)],
        "fields": [_field(field, document) for field in document.fields],
    }


def _page(page: Page) -> list[dict[str, Any]]:
    images = [(page.ref, page.text)] + ([(page.twin, "")] if page.twin else [])
    return [
        {
            "file": ref.file,
            "index": ref.index,
            "role": page.role.value,
            "rotation": page.rotation,
            "skew_deg": page.skew_deg,
            "dpi": page.dpi,
            "text": text,
        }
        for ref, text in images
    ]


def _field(field: Field, document: Document) -> dict[str, Any]:
    return {
        "name": field.name,
        "value": field.value,
        "raw": field.raw,
        "confidence": field.confidence,
        "accepted": field.accepted,
        "check": field.check.value,
        # Where its page stands among those told, twins between them.
        "page": field.page + sum(page.twin is not None for page in document.pages[: field.page]),
        "box_mm": list(field.box_mm) if field.box_mm else None,
    }


def to_tables(results: Sequence[LotResult]) -> list[Table]:
    """The same for people: one table of documents, one of what was set aside."""
    documents = Table("Document", "Type", "Confiance", "Pôle", "Suite", "Pages", "Champs acceptés")
    number = 0
    for result in results:
        for document in result.documents:
            number += 1
            accepted = sum(field.accepted for field in document.fields)
            documents.add_row(
                str(number),
                document.type,
                f"{document.type_confidence:.0%}",
                document.route.pole,
                _ROUTES[document.route.kind],
                str(len(document.pages)),
                f"{accepted} sur {len(document.fields)}",
            )
    tables = [documents]
    if any(result.set_aside for result in results):
        aside = Table("Fichier écarté", "Page", "Motif")
        for result in results:
            for a in result.set_aside:
                # A name is no markup, and must not break the table's lines.
                name = Text(grouping.printable_name(a.file))
                aside.add_row(name, a.place, a.reason)
        tables.append(aside)
    return tables
