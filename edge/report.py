"""What ``vaguemestre-edge read`` says of files: the JSON contract of docs/read.schema.json."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from edge.document import Document, Field, LotResult, Page, RouteKind

_ROUTES = {
    RouteKind.STRAIGHT: "direct",
    RouteKind.NAME: "à nommer",
    RouteKind.KEY: "à vidéocoder",
}


def to_json(results: Sequence[LotResult]) -> dict[str, Any]:
    """All documents of all lots, then all that was set aside.

    Separator sheets and blanks outside documents are told among the pages of the document that
    follows them, or else comes before them, so that every image is accounted for; a lot that
    holds nothing else is told as one unknown document.
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
    for page in result.loose_pages:
        place = next(
            (
                i
                for i, document in enumerate(result.documents)
                if any(
                    p.ref.file == page.ref.file and p.ref.index > page.ref.index
                    for p in document.pages
                )
            ),
            -1,
        )
        entries[place]["pages"].append(_page(page))
    return entries


def _nothing_else() -> dict[str, Any]:
    return {
        "type": "unknown",
        "type_confidence": 0.0,
        "runner_up": None,
        "layout": None,
        "pole": None,
        "route": RouteKind.NAME.value,
        "reasons": ["only_separators"],
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
        "reasons": list(document.route.reasons),
        "pages": [_page(page) for page in document.pages],
        "fields": [_field(field) for field in document.fields],
    }


def _page(page: Page) -> dict[str, Any]:
    return {
        "file": page.ref.file,
        "index": page.ref.index,
        "role": page.role.value,
        "rotation": page.rotation,
        "skew_deg": page.skew_deg,
        "dpi": page.dpi,
        "text": page.text,
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "value": field.value,
        "raw": field.raw,
        "confidence": field.confidence,
        "accepted": field.accepted,
        "check": field.check.value,
        "page": field.page,
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
                aside.add_row(a.file, "" if a.page is None else str(a.page + 1), a.reason)
        tables.append(aside)
    return tables
