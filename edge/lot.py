"""Read one lot: its files to pages in the workers, its pages to documents by the plan.

Between pages only their small readings are kept, so a lot of 1,000 pages stays in bounded
memory. A file or page that cannot be read is set aside; the others go on.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from edge.document import Document, LotHeader, LotResult, PageReading, PageRef, SetAside
from edge.pack import Pack
from edge.reading.split import Assembly, Draft, Gap, assemble
from edge.routing import Circumstances, route
from edge.spool.values import ClaimedFile
from edge.workers import Failure, Workers

_SAME_SIDE = 80.0  # rapidfuzz ratio of two images' texts from which they show the same side


@dataclass(frozen=True, slots=True)
class LotContext:
    """What is known of a lot before it is read."""

    fund: str
    received_on: dt.date
    header: LotHeader | None = None  # of an index file, or the settings' process
    holidays: Collection[dt.date] = ()


@dataclass(frozen=True, slots=True)
class ReadLot:
    """A lot's result and how many page images it held, twins not counted."""

    result: LotResult
    counted_pages: int


def read_lot(
    files: Sequence[ClaimedFile], workers: Workers, pack: Pack, context: LotContext
) -> ReadLot:
    """Read the files of a lot, in order, as one lot."""
    set_aside: list[SetAside] = []
    pages: list[PageReading | Gap] = []
    certain = {f.twin_of: f for f in files if f.twin_of and f.twin_certain}
    for file in files:
        if file.twin_of and file.twin_certain:
            continue
        pages += _read_file(file, workers, set_aside, certain.get(file.name))
    doubtful = {f.name: f.twin_of for f in files if f.twin_of and not f.twin_certain}
    pages = _merge_twins(pages, doubtful)
    assembly = assemble(pages, pack.plan, context.fund, context.header)
    duplicates = {file.sha256 for file in files if file.duplicate_of}
    documents = tuple(
        _document(draft, assembly, pack, context, duplicates) for draft in assembly.drafts
    )
    return ReadLot(
        LotResult(documents, tuple(set_aside), assembly.header, assembly.loose), len(pages)
    )


def _read_file(
    file: ClaimedFile, workers: Workers, set_aside: list[SetAside], twin: ClaimedFile | None
) -> list[PageReading | Gap]:
    count = workers.count_pages(file.path, PageRef(file.name, 0, file.sha256))
    if isinstance(count, Failure):
        set_aside.append(SetAside(file.name, None, count.code, count.reason))
        return [Gap(PageRef(file.name, 0, file.sha256))]
    asked: list[tuple[PageRef, Future[PageReading | Failure]]] = []
    for index in range(count):
        ref = PageRef(file.name, index, file.sha256)
        asked.append((ref, workers.read(file.path, ref)))
    pages: list[PageReading | Gap] = []
    for ref, future in asked:
        answer = future.result()
        if isinstance(answer, Failure):
            set_aside.append(SetAside(file.name, ref.index, answer.code, answer.reason))
            pages.append(Gap(ref))
        elif twin is not None:
            other = PageRef(twin.name, ref.index, twin.sha256)
            pages.append(replace(answer, twin=other, marks=(*answer.marks, "bitonal_twin")))
        else:
            pages.append(answer)
    return pages


def _merge_twins(
    pages: Sequence[PageReading | Gap], doubtful: Mapping[str, str]
) -> list[PageReading | Gap]:
    """Two images that may show one side of a sheet are one page when they read alike."""
    by_file = {p.ref.file: p for p in pages if isinstance(p, PageReading)}
    merged: dict[str, PageReading] = {}
    dropped: set[str] = set()
    for bitonal, colour in doubtful.items():
        one, other = by_file.get(bitonal), by_file.get(colour)
        if one is None or other is None:
            continue
        alike = one.is_blank == other.is_blank and (
            fuzz.ratio(one.text, other.text) >= _SAME_SIDE or one.is_blank
        )
        if alike:
            merged[colour] = replace(other, twin=one.ref, marks=(*other.marks, "bitonal_twin"))
            dropped.add(bitonal)
    return [merged.get(p.ref.file, p) for p in pages if p.ref.file not in dropped]


def _document(
    draft: Draft, assembly: Assembly, pack: Pack, context: LotContext, duplicates: set[str]
) -> Document:
    is_duplicate = any(page.ref.sha256 in duplicates for page in draft.pages)
    header = assembly.header
    around = Circumstances(
        fund=(header.fund if header else "") or context.fund,
        received_on=(header.received_on if header else None) or context.received_on,
        header=header,
        is_duplicate=is_duplicate,
        holidays=context.holidays,
    )
    marks = list(draft.marks)
    if is_duplicate:
        marks.append("probable_duplicate")
    if header is not None and header.original_seen:
        marks.append("original_seen")
    if header is not None and header.priority:
        marks.append("urgent")
    guesses = draft.first.guesses
    return Document(
        type=draft.guess.type,
        type_confidence=draft.guess.confidence,
        runner_up=guesses[1].type if len(guesses) > 1 else None,
        layout=draft.first.layout,
        route=route(draft, pack.forms.get(draft.guess.type), pack.plan, around),
        pages=draft.pages,
        fields=draft.first.fields,
        marks=tuple(marks),
    )
