"""A lot's files in order, two images of a side as one page, and one file's trouble its own."""

import datetime as dt
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from edge import pack
from edge.document import BoxPx, LotHeader, PageReading, PageRef, Role, TextLine, TypeGuess
from edge.errors import PackInvalid
from edge.lot import LotContext, ReadLot, read_lot
from edge.spool.values import ClaimedFile
from edge.workers import Failure

PACK = pack.load(pack.default_dir())
CONTEXT = LotContext("17", dt.date(2026, 3, 2))
BROKEN = Failure("image_undecodable", "Illisible.")
Content = str | Failure


class Told:
    """Stands for the workers: each file is a list of what its pages say, or why there are none."""

    count = 4

    def __init__(self, files: Mapping[str, list[Content] | Failure]) -> None:
        self._files = files
        self._waiting: dict[str, list[tuple[Future[PageReading | Failure], PageRef]]] = {}
        self.asked: list[tuple[str, int]] = []

    def count_pages(self, path: Path, ref: PageRef) -> int | Failure:
        found = self._files[path.name]
        return found if isinstance(found, Failure) else len(found)

    def read(self, path: Path, ref: PageRef) -> "Future[PageReading | Failure]":
        """Once all pages of a file were asked for they are answered, the last one first."""
        self.asked.append((path.name, ref.index))
        future: Future[PageReading | Failure] = Future()
        waiting = self._waiting.setdefault(path.name, [])
        waiting.append((future, ref))
        pages = self._files[path.name]
        assert not isinstance(pages, Failure)
        if len(waiting) == len(pages):
            for asked, its in reversed(waiting):
                asked.set_result(self._reading(pages[its.index], its))
        return future

    def _reading(self, said: Content, ref: PageRef) -> PageReading | Failure:
        if isinstance(said, Failure):
            return said
        lines = (TextLine(said, 0.9, BoxPx(0, 0, 10, 10)),) if said else ()
        guess = (TypeGuess("courrier", 0.95),)
        return PageReading(ref, is_blank=not said, lines=lines, guesses=guess)


def claimed(
    name: str, order: int, twin_of: str | None = None, certain: bool = True, duplicate: str = ""
) -> ClaimedFile:
    digest = f"{order:064d}"
    return ClaimedFile(name, digest, Path(name), 1, duplicate or None, twin_of, order, certain)


def read(workers: Told, *files: ClaimedFile, context: LotContext = CONTEXT) -> ReadLot:
    return read_lot(files, workers, PACK, context)  # type: ignore[arg-type]


def places(lot: ReadLot) -> list[tuple[str, int]]:
    documents = lot.result.documents
    return [(page.ref.file, page.ref.index) for d in documents for page in d.pages]


def twins(lot: ReadLot) -> dict[str, str | None]:
    pages = [page for d in lot.result.documents for page in d.pages]
    return {page.ref.file: page.twin.file if page.twin else None for page in pages}


def test_pages_keep_their_order_however_late_their_answers_come() -> None:
    workers = Told({"a": [f"a{i}" for i in range(20)], "b": ["b0"], "c": ["c0", "c1"]})
    lot = read(workers, *(claimed(name, i) for i, name in enumerate("abc")))
    expected = [("a", i) for i in range(20)] + [("b", 0), ("c", 0), ("c", 1)]
    assert places(lot) == expected
    assert lot.counted_pages == 23


def test_what_cannot_be_read_is_set_aside_alone_and_counted() -> None:
    workers = Told({"a": ["x", BROKEN, "y"], "b": Failure("file_empty", "Vide."), "c": ["z"]})
    lot = read(workers, *(claimed(name, i) for i, name in enumerate("abc")))
    assert places(lot) == [("a", 0), ("a", 2), ("c", 0)]
    aside = [(a.file, a.page, a.code) for a in lot.result.set_aside]
    assert aside == [("a", 1, "image_undecodable"), ("b", None, "file_empty")]
    assert lot.counted_pages == 5


def test_a_certain_twin_is_kept_beside_its_page_and_not_read() -> None:
    workers = Told({"1.jpg": ["recto"], "2.tif": ["recto"]})
    lot = read(workers, claimed("1.jpg", 0), claimed("2.tif", 1, twin_of="1.jpg"))
    assert twins(lot) == {"1.jpg": "2.tif"}
    assert workers.asked == [("1.jpg", 0)]
    assert lot.counted_pages == 1


@pytest.mark.parametrize("colour", [[BROKEN], Failure("file_truncated", "Tronqué.")])
def test_a_twin_is_read_when_the_other_image_cannot_be(colour: list[Content] | Failure) -> None:
    workers = Told({"1.jpg": colour, "2.tif": ["recto"]})
    lot = read(workers, claimed("1.jpg", 0), claimed("2.tif", 1, twin_of="1.jpg"))
    assert twins(lot) == {"2.tif": None}
    assert [aside.file for aside in lot.result.set_aside] == ["1.jpg"]


def test_a_doubtful_twin_is_compared_and_kept_when_it_says_something_else() -> None:
    same = "Madame, Monsieur, je vous écris au sujet de mon remboursement"
    workers = Told(
        {"1.jpg": [same], "2.tif": [same + "s"], "3.jpg": ["x" * 40], "4.tif": ["y" * 40]}
    )
    files = [
        claimed("1.jpg", 0),
        claimed("2.tif", 1, twin_of="1.jpg", certain=False),
        claimed("3.jpg", 2),
        claimed("4.tif", 3, twin_of="3.jpg", certain=False),
    ]
    lot = read(workers, *files)
    assert twins(lot) == {"1.jpg": "2.tif", "3.jpg": None, "4.tif": None}
    assert lot.counted_pages == 3


def test_a_blank_back_is_no_twin_of_a_written_front() -> None:
    workers = Told({"1.jpg": ["recto"], "2.tif": [""]})
    lot = read(workers, claimed("1.jpg", 0), claimed("2.tif", 1, "1.jpg", certain=False))
    assert twins(lot) == {"1.jpg": None, "2.tif": None}
    assert [page.role for page in lot.result.documents[0].pages] == [Role.FRONT, Role.BLANK]


def test_bytes_received_before_make_a_probable_duplicate_for_a_person() -> None:
    workers = Told({"a": ["x"], "b": ["y"]})
    lot = read(workers, claimed("a", 0, duplicate="an-older-lot"), claimed("b", 1))
    marks = [document.marks for document in lot.result.documents]
    assert marks == [("probable_duplicate",), ()]


def test_the_header_s_words_mark_each_document() -> None:
    header = LotHeader(fund="45", priority=1, original_seen=True)
    context = LotContext("17", dt.date(2026, 3, 2), header)
    lot = read(Told({"a": ["x"]}), claimed("a", 0), context=context)
    assert lot.result.documents[0].marks == ("original_seen", "urgent")


def test_workers_that_cannot_start_leave_the_lot_unread() -> None:
    class Unable(Told):
        def count_pages(self, path: Path, ref: PageRef) -> int | Failure:
            raise PackInvalid("forms")

    with pytest.raises(PackInvalid):
        read(Unable({}), *(claimed(f"{i}.tif", i) for i in range(50)))


def test_a_lot_without_files_is_an_empty_lot() -> None:
    lot = read(Told({}))
    assert (lot.result.documents, lot.result.set_aside, lot.counted_pages) == ((), (), 0)
