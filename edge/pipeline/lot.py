"""Read one lot: its files to pages in the workers, its pages to documents by the plan.

Workers decode pages themselves and answer with small readings, and only those are kept: a lot of
1,000 pages stays in bounded memory. Several files are asked for at once, so that a directory of
single images keeps all workers busy. A file or page that cannot be read is set aside; the others
go on.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from edge.errors import LotTooLong
from edge.pipeline.assembly import DocumentDraft, assemble_documents, compare
from edge.pipeline.routing import RoutingContext, decide_route
from edge.pipeline.sides import MissingPage
from edge.pipeline.workers import Failure, FilePages, LotWorkers, Workers
from edge.results import LotResult, PageReading
from edge.spool.joining import CONTINUATION
from edge.spool.values import ClaimedFile
from vaguemestre.model.calendar import public_holidays
from vaguemestre.model.document import Document, ImageRef, PageRole
from vaguemestre.model.lot import LotHeader, SetAside
from vaguemestre.model.plan import Plan
from vaguemestre.pack import Pack

_WITHOUT = "without:"
_SAME_SIDE = 80.0  # rapidfuzz ratio of two images' texts from which they show the same side
_TWIN = "bitonal_twin"
_ORDER_UNSURE = "order_unsure"


@dataclass(frozen=True, slots=True)
class LotContext:
    """What is known of a lot before it is read."""

    fund: str
    received_on: dt.date
    header: LotHeader | None = None  # of an index file, or the settings' process
    duplex: bool = False  # pages are the two sides of sheets, one after the other


@dataclass(frozen=True, slots=True)
class LotReading:
    """A lot's result and how many page images it held, twins not counted."""

    result: LotResult
    counted_pages: int


@dataclass(frozen=True, slots=True)
class _ReadFile:
    pages: tuple[PageReading | MissingPage, ...]
    set_aside: tuple[SetAside, ...] = ()
    never_ours: int = 0  # gaps that stand for files, or pages read before, which no count holds
    is_torn: bool = False  # the file did not only grow: what was read before is not all in it


def read_lot(
    files: Sequence[ClaimedFile], workers: Workers, pack: Pack, context: LotContext
) -> LotReading:
    """Read the files of a lot, in order, as one lot.

    Raises:
        PackInvalid, ConfinementMissing, ReaderFailed: no reading process can start; the lot is
            as unread as before.
    """
    set_aside: list[SetAside] = []
    pages: list[PageReading | MissingPage] = []
    uncounted = 0
    is_torn = False
    with workers.lot(context.header.priority if context.header else 0) as lot_workers:
        for found in _with_growth(_read_files(files, lot_workers), lot_workers):
            pages += found.pages
            uncounted += found.never_ours
            set_aside += found.set_aside
            is_torn |= found.is_torn
    doubtful = {f.name: f.twin_of for f in files if f.twin_of and not f.twin_certain}
    pages = _merge_twins(pages, doubtful)
    assembly = assemble_documents(
        pages, pack.plan, context.fund, context.header, duplex=context.duplex
    )
    duplicates = {file.sha256 for file in files if file.duplicate_of}
    drafts = _with_doubtful_order(assembly.drafts, files)
    drafts = tuple(map(_torn, drafts)) if is_torn else drafts
    holidays = public_holidays([context.received_on])
    documents = tuple(_document(draft, pack, context, holidays, duplicates) for draft in drafts)
    documents = _with_what_is_missing(documents, pack.plan, context.fund)
    return LotReading(
        LotResult(documents, tuple(set_aside), assembly.header, assembly.loose),
        len(pages) - uncounted,
    )


def _read_files(
    files: Sequence[ClaimedFile], workers: LotWorkers
) -> Iterator[tuple[ClaimedFile, _ReadFile]]:
    twins = {f.twin_of: f for f in files if f.twin_of and f.twin_certain and f.code is None}
    alone = [f for f in files if not (f.twin_of and f.twin_certain)]
    with ThreadPoolExecutor(workers.count, thread_name_prefix="file") as threads:
        found = threads.map(lambda file: _read_file(file, workers, twins.get(file.name)), alone)
        yield from zip(alone, found, strict=True)


def _with_growth(
    found: Iterable[tuple[ClaimedFile, _ReadFile]], workers: LotWorkers
) -> list[_ReadFile]:
    """Take what is new in later copies of files that grew: no page twice, none lost.

    A later copy of the same lot that holds all of the earlier one replaces it. Of one whose
    earlier copy was read in another lot the known pages leave gaps.
    """
    read: list[tuple[ClaimedFile, _ReadFile]] = []
    for file, pages in found:
        digest = file.continues.sha256 if file.continues is not None else None
        before = next((one for one in reversed(read) if one[0].sha256 == digest), None)
        if before is None or file.code is not None:
            read.append((file, pages))
            continue
        growth = compare(before[1].pages, pages.pages)
        if growth.is_whole:
            read.remove(before)
            read.append((replace(file, continues=before[0].continues), pages))
        else:
            read.append((file, _without(pages, growth.known, is_torn=True)))
    return [_beyond_other_lots(file, pages, workers) for file, pages in read]


def _without(pages: _ReadFile, known: Collection[int], *, is_torn: bool) -> _ReadFile:
    kept = tuple(page for place, page in enumerate(pages.pages) if place not in known)
    return replace(pages, pages=kept, is_torn=is_torn)


def _beyond_other_lots(file: ClaimedFile, pages: _ReadFile, workers: LotWorkers) -> _ReadFile:
    """Leave gaps for the pages that another lot holds; that lot's copy is read to know them."""
    earlier = file.continues
    if earlier is None or pages.is_torn or file.code is not None:
        return pages
    copy = replace(file, sha256=earlier.sha256, path=earlier.path, continues=None)
    growth = compare(_read_file(copy, workers, None).pages, pages.pages)
    kept = tuple(
        MissingPage(page.ref) if place in growth.known else page
        for place, page in enumerate(pages.pages)
    )
    return replace(pages, pages=kept, never_ours=len(growth.known))


def _torn(draft: DocumentDraft) -> DocumentDraft:
    return replace(draft, marks=(*draft.marks, CONTINUATION))


def _read_file(file: ClaimedFile, workers: LotWorkers, twin: ClaimedFile | None) -> _ReadFile:
    if file.code is not None:  # lost at the claim and told there: its place stays empty
        if twin is not None:
            return _read_file(twin, workers, None)
        return _ReadFile((MissingPage(ImageRef(file.name, 0, file.sha256)),), never_ours=1)
    found = workers.pages_of(file.path, ImageRef(file.name, 0, file.sha256))
    if isinstance(found, FilePages) and not workers.admit(len(found.indices)):
        found = Failure.of(LotTooLong)
    if isinstance(found, Failure):
        aside = SetAside(file.name, None, found.code, found.reason)
        if twin is None:
            return _ReadFile((MissingPage(ImageRef(file.name, 0, file.sha256)),), (aside,))
        instead = _read_file(twin, workers, None)
        return _ReadFile(instead.pages, (aside, *instead.set_aside))
    refs = [ImageRef(file.name, index, file.sha256) for index in found.indices]
    answers = [(ref, workers.read(file.path, ref)) for ref in refs]
    pages: list[PageReading | MissingPage] = []
    set_aside: list[SetAside] = []
    for ref, future in answers:
        answer = future.result()
        if isinstance(answer, Failure):
            set_aside.append(SetAside(file.name, ref.index, answer.code, answer.reason))
            pages.append(_instead(twin, ref, workers) or MissingPage(ref))
        elif twin is not None:
            other = ImageRef(twin.name, ref.index, twin.sha256)
            pages.append(replace(answer, twin=other, marks=(*answer.marks, _TWIN)))
        else:
            pages.append(answer)
    return _ReadFile(tuple(pages), tuple(set_aside))


def _instead(twin: ClaimedFile | None, ref: ImageRef, workers: LotWorkers) -> PageReading | None:
    """The other image of a side whose first choice cannot be read."""
    if twin is None:
        return None
    page = workers.read(twin.path, ImageRef(twin.name, ref.index, twin.sha256)).result()
    return None if isinstance(page, Failure) else page


def _merge_twins(
    pages: Sequence[PageReading | MissingPage], doubtful: Mapping[str, str]
) -> list[PageReading | MissingPage]:
    """Two images that may show one side of a sheet are one page when they read alike."""
    by_file = {p.ref.file: p for p in pages if isinstance(p, PageReading)}
    merged: dict[str, PageReading] = {}
    dropped: set[str] = set()
    for bitonal, colour in doubtful.items():
        one, other = by_file.get(bitonal), by_file.get(colour)
        if one is None or other is None:
            continue
        if _show_one_side(one, other):
            merged[colour] = replace(other, twin=one.ref, marks=(*other.marks, _TWIN))
            dropped.add(bitonal)
    return [merged.get(p.ref.file, p) for p in pages if p.ref.file not in dropped]


def _with_doubtful_order(
    drafts: Sequence[DocumentDraft], files: Sequence[ClaimedFile]
) -> tuple[DocumentDraft, ...]:
    """Mark documents with pages whose place in the lot is not sure: a person looks at the order."""
    unsure = {file.name for file in files if not file.order_certain}
    return tuple(
        replace(draft, marks=(*draft.marks, _ORDER_UNSURE))
        if any(page.ref.file in unsure for page in draft.pages)
        else draft
        for draft in drafts
    )


def _show_one_side(one: PageReading, other: PageReading) -> bool:
    """Whether two images read alike: what was written on them where they are forms.

    Two people's copies of one form say the same but for that, and neither may be lost.
    """
    if one.is_blank or other.is_blank:
        return one.is_blank and other.is_blank
    written = [" ".join(field.raw for field in page.fields) for page in (one, other)]
    if not any(text.strip() for text in written):
        return fuzz.ratio(one.text, other.text) >= _SAME_SIDE
    sure = {field.name: field.value for field in one.fields if field.accepted}
    return (
        one.guesses[:1] != ()
        and other.guesses[:1] != ()
        and one.guesses[0].type == other.guesses[0].type
        and fuzz.ratio(*written) >= _SAME_SIDE
        and all(
            sure.get(field.name, field.value) == field.value
            for field in other.fields
            if field.accepted
        )
    )


def _document(
    draft: DocumentDraft,
    pack: Pack,
    context: LotContext,
    holidays: Collection[dt.date],
    duplicates: Collection[str],
) -> Document:
    # A blank or separator sheet has the same bytes in every lot and proves nothing.
    written = [p for p in draft.pages if p.role not in (PageRole.BLANK, PageRole.SEPARATOR)]
    is_duplicate = any(page.ref.sha256 in duplicates for page in written)
    header = draft.header
    around = RoutingContext(
        fund=(header.fund if header else "") or context.fund,
        received_on=(header.received_on if header else None) or context.received_on,
        header=header,
        is_duplicate=is_duplicate,
        holidays=holidays,
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
        route=decide_route(draft, pack.forms.get(draft.guess.type), pack.plan, around),
        pages=draft.pages,
        fields=draft.first.fields,
        marks=tuple(marks),
        rescan_id=_rescan_id(header, context),
    )


def _rescan_id(header: LotHeader | None, context: LotContext) -> str:
    """The sheet that rules where the document stood says what it answers, else the lot's name."""
    named = context.header.rescan_id if context.header else ""
    return (header.rescan_id if header else "") or named


def _with_what_is_missing(
    documents: Sequence[Document], plan: Plan, fund: str
) -> tuple[Document, ...]:
    """Mark what the plan wants beside a document and the lot does not hold for the same person.

    It may come another day or by another channel: the mark helps the pôle, it stops nothing.
    """
    here = {(document.type, _nir(document)) for document in documents if _nir(document)}
    return tuple(
        replace(
            document,
            marks=(
                *document.marks,
                *(
                    f"{_WITHOUT}{wanted}"
                    for wanted in plan.of(document.type, fund).required_with
                    if (wanted, _nir(document)) not in here
                ),
            ),
        )
        for document in documents
    )


def _nir(document: Document) -> str | None:
    return next((field.value for field in document.fields if field.name == "nir"), None)
