"""What a lot as a whole says of its documents."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from edge.pipeline.assembly import DocumentDraft, to_page
from edge.pipeline.lot import (
    LotContext,
    LotReading,
    _merge_twins,
    _rescan_id,
    _with_doubtful_order,
    _with_what_is_missing,
    read_lot,
)
from edge.pipeline.routing import RoutingContext, decide_route
from edge.pipeline.workers import Workers
from edge.pipeline.workers.messages import Failure, FilePages
from edge.results import BoxPx, PageReading, TextLine, TypeGuess
from edge.spool.values import ClaimedFile, EarlierCopy
from tests.support.station import document_of
from vaguemestre import pack
from vaguemestre.model.document import Check, Document, Field, ImageRef, PageRole, RouteKind
from vaguemestre.model.lot import LotHeader

RECOGNITION = pack.load(pack.default_dir())
PLAN = RECOGNITION.plan
_NIR = "255081416802538"


def _document(kind: str, nir: str | None) -> Document:
    field = Field("nir", nir, "", 0.9, False, Check.OK, 0, None)
    return replace(document_of("1.tif", "0" * 64, PageRole.FRONT), type=kind, fields=(field,))


def _missing(*documents: Document) -> list[list[str]]:
    return [list(one.marks) for one in _with_what_is_missing(documents, PLAN, "17")]


def test_a_work_stoppage_alone_is_marked_as_without_its_salary_certificate() -> None:
    assert _missing(_document("S3116", _NIR)) == [["without:S3201"]]


def test_a_file_that_is_complete_for_one_person_carries_no_mark() -> None:
    assert _missing(_document("S3116", _NIR), _document("S3201", _NIR)) == [[], []]


def test_somebody_elses_document_or_an_unread_number_completes_nothing() -> None:
    other = "178121705512345"
    assert _missing(_document("S3116", _NIR), _document("S3201", other)) == [
        ["without:S3201"],
        ["without:S3116"],
    ]
    assert _missing(_document("S3116", None), _document("S3201", None)) == [
        ["without:S3201"],
        ["without:S3116"],
    ]


def test_a_type_that_needs_nothing_is_left_as_it_is() -> None:
    assert _missing(_document("S3110", _NIR)) == [[]]


_PRINT = ("feuille de soins - médecin", "PERSONNE RECEVANT LES SOINS", "MONTANT TOTAL", "actes")


def _page(
    file: str, written: str, *, sure: bool = True, printed: tuple[str, ...] = _PRINT
) -> PageReading:
    """A form: some of its print, and a few fields."""
    lines = tuple(TextLine(text, 0.99, BoxPx(0, 0, 9, 9)) for text in (*printed, written))
    fields = tuple(
        Field(f"field_{i}", word, word, 0.9, sure, Check.NONE, 0, None)
        for i, word in enumerate(written.split())
    )
    guesses = (TypeGuess("S3110", 0.99),)
    return PageReading(ImageRef(file, 0, ""), lines=lines, fields=fields, guesses=guesses)


def _blank(file: str) -> PageReading:
    return PageReading(ImageRef(file, 0, ""), is_blank=True)


class _Pages:
    """Reads nothing: each file holds the pages it is told to."""

    count = 1

    def __init__(self, pages: dict[str, list[PageReading]]) -> None:
        self._pages = pages

    @contextmanager
    def lot(self, _: int) -> "Iterator[_Pages]":
        yield self

    def admit(self, _: int) -> bool:
        return True

    def pages_of(self, path: Path, ref: ImageRef) -> FilePages | Failure:
        pages = self._of(path, ref)
        if not pages:
            return Failure("file_vanished", "Parti.")
        return FilePages(tuple(range(len(pages))))

    def read(self, path: Path, ref: ImageRef) -> "Future[PageReading]":
        answer: Future[PageReading] = Future()
        answer.set_result(replace(self._of(path, ref)[ref.index], ref=ref))
        return answer

    def _of(self, path: Path, ref: ImageRef) -> list[PageReading]:
        """An earlier copy lies at a path of its own; all others are known by their names."""
        if path.name in ("earlier", "gone"):
            return self._pages.get(path.name, [])
        return self._pages[ref.file]


def _file(name: str, **more: Any) -> ClaimedFile:
    return ClaimedFile(name, name, Path(name), 1, None, None, 0, **more)


def _read(files: list[ClaimedFile], pages: dict[str, list[PageReading]], **more: Any) -> LotReading:
    context = LotContext("17", dt.date(2026, 3, 2), **more)
    return read_lot(files, cast(Workers, _Pages(pages)), RECOGNITION, context)


def _letter(text: str) -> PageReading:
    """A page that no form's first page is."""
    lines = (TextLine(text, 0.99, BoxPx(0, 0, 9, 9)),)
    return PageReading(ImageRef("", 0, ""), lines=lines, guesses=(TypeGuess("unknown", 0.9),))


@pytest.mark.parametrize("code", ["file_vanished", "file_denied", "not_regular_file"])
def test_a_file_lost_at_the_claim_leaves_a_gap_and_a_person_sees_its_neighbours(code: str) -> None:
    pages = {name: [_page(name, "255081416802538")] for name in ("1.tif", "4.tif")}
    pages["3.tif"] = [_letter("see overleaf")]
    files = [_file("1.tif"), _file("2.tif", code=code), _file("3.tif"), _file("4.tif")]

    read = _read(files, pages)

    first, second, third = read.result.documents
    assert [[page.ref.file for page in document.pages] for document in (first, second, third)] == [
        *(["1.tif"], ["3.tif"], ["4.tif"]),
    ]
    assert "page_missing" in first.marks
    assert "page_missing" in second.marks
    assert first.route.kind is second.route.kind is RouteKind.NAME
    assert "page_missing" in first.route.reasons
    assert read.counted_pages == 3, "what never became ours is counted by nobody"
    assert read.result.set_aside == (), "it was told at the claim"


def test_the_other_image_of_a_side_stands_in_for_one_that_was_lost() -> None:
    pages = {"1.jpg": [_page("", "a")], "2.tif": [_page("", "a")], "4.tif": [_page("", "b")]}
    lost = [
        *(_file("1.jpg"), replace(_file("2.tif", code="file_vanished"), twin_of="1.jpg")),
        *(_file("3.jpg", code="file_vanished"), replace(_file("4.tif"), twin_of="3.jpg")),
    ]

    read = _read(lost, pages)

    assert [page.ref.file for one in read.result.documents for page in one.pages] == [
        "1.jpg",
        "4.tif",
    ]
    assert not any("page_missing" in document.marks for document in read.result.documents)


def _grown(name: str, sha256: str, earlier: str) -> ClaimedFile:
    return ClaimedFile(
        *(name, sha256, Path(sha256), 1, None, None, 0),
        continues=EarlierCopy(earlier, Path(earlier)),
    )


def _numbered(count: int, *, first: int = 1) -> list[PageReading]:
    return [
        replace(_page("", f"{number}"), pixels=f"picture {number}")
        for number in range(first, first + count)
    ]


def _placed(read: LotReading) -> list[tuple[str, int]]:
    return [(p.ref.file, p.ref.index) for one in read.result.documents for p in one.pages]


def test_a_file_that_grew_before_it_was_read_is_read_once_and_whole() -> None:
    pages = {"LOT.tif": _numbered(5), "LOT (2).tif": _numbered(10)}
    files = [_file("LOT.tif"), _grown("LOT (2).tif", "later", "LOT.tif")]

    read = _read(files, pages)

    assert _placed(read) == [("LOT (2).tif", index) for index in range(10)]
    assert read.counted_pages == 10
    assert not any("continuation" in document.marks for document in read.result.documents)


def test_a_file_that_grew_twice_before_it_was_read_is_read_once_too() -> None:
    pages = {"a.tif": _numbered(2), "b.tif": _numbered(3), "c.tif": _numbered(5)}
    files = [_file("a.tif"), _grown("b.tif", "b", "a.tif"), _grown("c.tif", "c", "b")]

    assert _placed(_read(files, pages)) == [("c.tif", index) for index in range(5)]


def test_of_a_file_that_another_lot_holds_in_part_only_the_rest_is_read() -> None:
    pages = {"LOT.tif": _numbered(10)}
    workers = _Pages({**pages, "earlier": _numbered(5)})
    context = LotContext("17", dt.date(2026, 3, 2), None)

    read = read_lot(
        [_grown("LOT.tif", "LOT.tif", "earlier")], cast(Workers, workers), RECOGNITION, context
    )

    assert _placed(read) == [("LOT.tif", index) for index in range(5, 10)]
    assert read.counted_pages == 5


def test_when_the_earlier_copy_has_left_everything_is_read() -> None:
    read = _read([_grown("LOT.tif", "LOT.tif", "gone")], {"LOT.tif": _numbered(3)})

    assert len(_placed(read)) == 3


def test_a_file_rewritten_with_other_pages_loses_none_and_a_person_sees_all() -> None:
    pages = {"LOT.tif": _numbered(3), "LOT (2).tif": _numbered(2) + _numbered(2, first=7)}
    files = [_file("LOT.tif"), _grown("LOT (2).tif", "later", "LOT.tif")]

    read = _read(files, pages)

    assert _placed(read) == [
        *(("LOT.tif", 0), ("LOT.tif", 1), ("LOT.tif", 2)),
        *(("LOT (2).tif", 2), ("LOT (2).tif", 3)),
    ]
    assert all(d.route.kind is RouteKind.NAME for d in read.result.documents)
    assert all("continuation" in d.route.reasons for d in read.result.documents)


def test_two_images_of_one_side_are_one_page_whichever_of_its_print_was_read() -> None:
    pages = [
        _page("1.jpg", "255081416802538 DUPONT MARIE", printed=_PRINT[:2]),
        _page("2.tif", "255081416802S38 DUPONT MARIE", printed=_PRINT[2:] * 9, sure=False),
    ]

    (merged,) = _merge_twins(pages, {"2.tif": "1.jpg"})

    assert isinstance(merged, PageReading)
    assert merged.twin == pages[1].ref
    assert "bitonal_twin" in merged.marks


@pytest.mark.parametrize(
    "other",
    ["178121705512345 NGUYEN PAUL 28/11/2025", "255081416802538 DUPONT MARIO 12/03/2026"],
    ids=["strangers", "one family"],
)
def test_two_peoples_copies_of_one_form_are_two_pages(other: str) -> None:
    pages = [_page("1.jpg", "255081416802538 DUPONT MARIE 12/03/2026"), _page("2.tif", other)]

    assert _merge_twins(pages, {"2.tif": "1.jpg"}) == pages


def test_two_forms_of_two_types_are_two_pages() -> None:
    one = _page("1.jpg", "255081416802538")
    other = replace(_page("2.tif", "255081416802538"), guesses=(TypeGuess("S3704", 0.99),))

    assert _merge_twins([one, other], {"2.tif": "1.jpg"}) == [one, other]


def test_letters_are_told_by_their_text() -> None:
    letter = PageReading(
        ImageRef("1.jpg", 0, ""), lines=(TextLine("Madame, Monsieur", 0.9, BoxPx(0, 0, 9, 9)),)
    )
    same = replace(letter, ref=ImageRef("2.tif", 0, ""))
    another = replace(same, lines=(TextLine("Je conteste", 0.9, BoxPx(0, 0, 9, 9)),))

    assert len(_merge_twins([letter, same], {"2.tif": "1.jpg"})) == 1
    assert len(_merge_twins([letter, another], {"2.tif": "1.jpg"})) == 2


def test_a_written_side_and_a_blank_one_are_two_and_two_blank_ones_are_one() -> None:
    written = [_page("1.jpg", "255081416802538"), _blank("2.tif")]

    assert _merge_twins(written, {"2.tif": "1.jpg"}) == written
    assert len(_merge_twins([_blank("1.jpg"), _blank("2.tif")], {"2.tif": "1.jpg"})) == 1


_ASKED = "0197a000-0000-7000-8000-00003fa9c21b"


@pytest.mark.parametrize(
    ("on_sheet", "in_name", "expected"),
    [("", "", ""), (_ASKED, "", _ASKED), ("", _ASKED, _ASKED), (_ASKED, "other", _ASKED)],
)
def test_a_document_answers_what_its_sheet_says_else_what_its_lot_is_called(
    on_sheet: str, in_name: str, expected: str
) -> None:
    context = LotContext("17", dt.date(2026, 3, 2), LotHeader(rescan_id=in_name))

    assert _rescan_id(LotHeader(rescan_id=on_sheet), context) == expected
    assert _rescan_id(None, context) == in_name


def test_a_document_with_a_page_whose_place_is_in_doubt_goes_to_a_person() -> None:
    def file(name: str, *, sure: bool) -> ClaimedFile:
        return ClaimedFile(name, "", Path(name), 1, None, None, 0, order_certain=sure)

    def draft(name: str) -> DocumentDraft:
        page = _page(name, "written")
        return DocumentDraft(page, (to_page(page, PageRole.FRONT),), (), (), separated=False)

    sure, unsure = _with_doubtful_order(
        (draft("1.jpg"), draft("IMG_0001.jpg")),
        (file("1.jpg", sure=True), file("IMG_0001.jpg", sure=False)),
    )

    assert (sure.marks, unsure.marks) == ((), ("order_unsure",))
    around = RoutingContext("17", dt.date(2026, 3, 2), None, is_duplicate=False)
    assert "order_unsure" in decide_route(unsure, None, PLAN, around).reasons
