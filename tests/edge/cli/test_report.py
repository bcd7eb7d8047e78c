"""What ``read`` says: every image somewhere, in the contract's words."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from edge.cli import report
from edge.results import LotResult
from vaguemestre.model.document import (
    BoxMm,
    Check,
    Document,
    Field,
    ImageRef,
    Layout,
    Page,
    PageRole,
    Route,
    RouteKind,
)
from vaguemestre.model.lot import SetAside

SCHEMA = Path(__file__).parents[3] / "docs" / "read.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def page(file: str, index: int = 0, role: PageRole = PageRole.FRONT, twin: str = "") -> Page:
    other = ImageRef(twin, index, "1" * 64) if twin else None
    ref = ImageRef(file, index, "0" * 64)
    return Page(ref, role, 180, -1.25, 200.0, 210.0, 297.0, 0.1, "texte", (), other)


def document(*pages: Page, fields: tuple[Field, ...] = ()) -> Document:
    route = Route(RouteKind.KEY, ("field:nir",), "FSP", "Frais de santé", "FRAIS_DE_SANTE")
    return Document("S3110", 0.97, "S3704", Layout.VERIFIED, route, pages, fields)


def told(*results: LotResult) -> dict[str, Any]:
    answer = report.to_json(results)
    assert [error.message for error in VALIDATOR.iter_errors(answer)] == []
    return answer


def files(entry: dict[str, Any]) -> list[str]:
    return [page["file"] for page in entry["pages"]]


def test_a_document_is_told_in_the_contract_s_words() -> None:
    nir = Field("nir", None, "2 85 ?", 0.4, False, Check.FAILED, 0, BoxMm(10, 20, 30.5, 4))
    date = Field("date", "2026-03-02", "02/03/2026", 0.99, True, Check.OK, 0, None)
    (entry,) = told(LotResult((document(page("1.tif"), fields=(nir, date)),), ()))["documents"]
    assert entry["pages"] == [
        {
            "file": "1.tif",
            "index": 0,
            "role": "front",
            "rotation": 180,
            "skew_deg": -1.25,
            "dpi": 200.0,
            "text": "texte",
        }
    ]
    assert entry["fields"][0]["box_mm"] == [10, 20, 30.5, 4]
    assert (entry["fields"][0]["value"], entry["fields"][0]["check"]) == (None, "failed")
    assert (entry["fields"][1]["accepted"], entry["fields"][1]["box_mm"]) == (True, None)
    assert (entry["type"], entry["layout"], entry["route"]) == ("S3110", "verified", "key")


def test_separators_stand_behind_the_document_that_follows_them_or_the_last() -> None:
    lot = LotResult(
        (document(page("2.tif")), document(page("10.tif"), page("11.tif"))),
        (),
        None,
        tuple(page(f"{n}.tif", role=PageRole.SEPARATOR) for n in (1, 3, 9, 12)),
    )
    first, second = told(lot)["documents"]
    assert files(first) == ["2.tif", "1.tif"]
    assert files(second) == ["10.tif", "11.tif", "3.tif", "9.tif", "12.tif"]


def test_separators_of_one_file_stand_by_their_place_in_it() -> None:
    lot = LotResult(
        (document(page("lot.tif", 1)), document(page("lot.tif", 3))),
        (),
        None,
        (page("lot.tif", 0, PageRole.SEPARATOR), page("lot.tif", 2, PageRole.SEPARATOR)),
    )
    places = [[p["index"] for p in d["pages"]] for d in told(lot)["documents"]]
    assert places == [[1, 0], [3, 2]]


def test_a_lot_of_nothing_but_separators_is_one_unknown_document() -> None:
    lot = LotResult((), (), None, (page("1.tif", role=PageRole.SEPARATOR),))
    other = LotResult((document(page("a.tif")),), ())
    unknown, known = told(lot, other)["documents"]
    assert (unknown["type"], unknown["pole"], files(unknown)) == ("unknown", None, ["1.tif"])
    assert files(known) == ["a.tif"]


def test_both_images_of_a_side_are_told_and_fields_keep_to_their_page() -> None:
    field = Field("nir", "1", "1", 1.0, True, Check.OK, 1, None)
    pages = (page("1.jpg", twin="2.tif"), page("3.jpg", role=PageRole.BACK, twin="4.tif"))
    (entry,) = told(LotResult((document(*pages, fields=(field,)),), ()))["documents"]
    assert files(entry) == ["1.jpg", "2.tif", "3.jpg", "4.tif"]
    assert [p["text"] for p in entry["pages"]] == ["texte", "", "texte", ""]
    assert entry["pages"][entry["fields"][0]["page"]]["file"] == "3.jpg"


def test_what_was_set_aside_is_told_with_code_and_reason() -> None:
    aside = SetAside("a.pdf", None, "file_empty", "Le fichier est vide. Numérisez de nouveau.")
    answer = told(LotResult((), (aside,)), LotResult((), ()))
    assert answer["documents"] == []
    assert answer["set_aside"] == [
        {"file": "a.pdf", "page": None, "code": "file_empty", "reason": aside.reason}
    ]


def test_people_get_the_same_in_tables() -> None:
    asides = tuple(SetAside(f"[b]{n}[/b].tif", n, "page_timeout", "Trop long.") for n in (0, 1))
    console = Console(record=True, width=160)
    console.print(*report.to_tables([LotResult((document(page("1.tif")),), asides)]))
    text = console.export_text()
    for shown in ("S3110", "97%", "Frais de santé", "à vidéocoder", "[b]1[/b].tif", "Trop long."):
        assert shown in text
    assert len(report.to_tables([LotResult((), ())])) == 1


@pytest.mark.parametrize(
    ("index", "where"),
    [
        (None, ""),
        (0, "page 1"),
        (4_999, "page 5000"),
        (100_000, "pièce jointe 1, page 1"),
        (1_200_002, "pièce jointe 12, page 3"),
    ],
)
def test_a_page_of_an_attached_file_is_named_as_one(index: int | None, where: str) -> None:
    aside = SetAside("a.pdf", index, "no_page", "Le fichier ne contient aucune page.")
    assert aside.place == where
    console = Console(width=200, record=True, file=io.StringIO())
    for table in report.to_tables((LotResult((), (aside,)),)):
        console.print(table)
    assert where in console.export_text()
