"""From the pages of a lot to its documents.

Separators cut; they and blanks outside documents stay with the lot as loose pages, marked, never
dropped. A form's first page opens a document. Backs, continuations and blanks stay with what came
before them. Other pages join the document before them where a separator-cut lot, the header's pages
a document, or the plan says so; else they open one of their own. A page that could not be read
leaves a gap, and what stands around the gap is marked for a person.

A page that names another person than the document before it opens its own, and both are marked: one
of the two was misread or lies in the wrong place. So does a known back whose front is not there. A
page that only its place joins to a document that could go straight marks it for a person.

Where a scanner takes both sides of every sheet, the second side stays with the first, as long as
nothing contradicts that (``edge/pipeline/sides.py``). A header sheet rules over what follows it, up
to the next one or a patch 3.

Of a file that grew after an earlier copy was taken only what is new is read: a page is the same
when it has the same pixels at the same place, and from the first that differs on nothing is taken
for known, since the scanner may have begun another lot under the name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from edge.pipeline import sides
from edge.pipeline.sides import MissingPage, differ, nirs_of
from edge.results import PageReading, Separator, SeparatorKind, TypeGuess
from vaguemestre.model.document import Field as DocumentField
from vaguemestre.model.document import Page, PageRole
from vaguemestre.model.lot import LotHeader
from vaguemestre.model.plan import Plan

Pages = Sequence[PageReading | MissingPage]


@dataclass(frozen=True, slots=True)
class Growth:
    """How a later copy compares with an earlier one.

    Attributes:
        known: Places, counted from 0, of the later copy's pages that the earlier one held.
        is_whole: All that was read of the earlier copy is in the later one.
    """

    known: frozenset[int]
    is_whole: bool


def compare(earlier: Pages, later: Pages) -> Growth:
    """Compare two copies of a file; a page that could not be read in the earlier one is new."""
    known: list[int] = []
    for place, (before, now) in enumerate(zip(earlier, later, strict=False)):
        if isinstance(before, MissingPage):
            continue
        if isinstance(now, MissingPage) or not before.pixels or before.pixels != now.pixels:
            break
        known.append(place)
    read = sum(isinstance(page, PageReading) for page in earlier)
    return Growth(frozenset(known), len(known) == read)


UNKNOWN = TypeGuess("unknown", 0.0)
PAGE_MISSING = "page_missing"  # a neighbour was set aside
RHYTHM_BROKEN = "rhythm_broken"  # fronts and backs do not follow each other in turn
OTHER_PERSON = "other_person"  # the page that follows, or went before, names somebody else
PAGE_UNEXPECTED = "page_unexpected"  # nothing but its place says that a page belongs to it
UNREAD_BESIDE = frozenset({"placeholder", "attachments"})  # a page's file holds what is not read
_SAME_SIDE = 80.0  # rapidfuzz ratio of the texts of one printed side, scanned twice


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document before its route: its first page speaks for its type."""

    first: PageReading
    pages: tuple[Page, ...]
    fields: tuple[DocumentField, ...]
    marks: tuple[str, ...]
    separated: bool  # something said where it begins, other than its own look
    header: LotHeader | None = None  # that ruled where it stood

    @property
    def guess(self) -> TypeGuess:
        """The best candidate type."""
        return self.first.guesses[0] if self.first.guesses else UNKNOWN


@dataclass(frozen=True, slots=True)
class Assembly:
    """A lot's documents in order, and the pages that belong to none."""

    drafts: tuple[DocumentDraft, ...]
    loose: tuple[Page, ...]
    header: LotHeader | None


def assemble_documents(
    pages: Sequence[PageReading | MissingPage],
    plan: Plan,
    fund: str,
    header: LotHeader | None = None,
    *,
    duplex: bool = False,
) -> Assembly:
    """Cut a lot into documents.

    Args:
        pages: All pages of the lot in order; a twin image is part of its page, not one of them.
        plan: Says which types join which.
        fund: For the plan.
        header: The index file's announcement; a header sheet among the pages wins.
        duplex: Pages are the two sides of sheets, one after the other.
    """
    readings = [page for page in pages if isinstance(page, PageReading)]
    sheets = [p.separator.header for p in readings if p.separator and p.separator.header]
    is_cut = any(
        page.separator is not None and page.separator.kind is not SeparatorKind.HEADER
        for page in readings
    )
    builder = _Builder(plan, fund, is_cut, sheets[0] if sheets else header, header)
    turns = sides.told(pages, lambda page: _is_first_page(page, plan)) if duplex else sides.Sides()
    for page in pages:
        builder.add(page, is_verso=page.ref in turns.backs)
        if page.ref in turns.in_doubt:
            builder.mark(RHYTHM_BROKEN)
    builder.close()
    builder.rescue_blanks()
    return Assembly(tuple(builder.drafts), tuple(builder.loose), _together(sheets) or header)


def _together(sheets: Sequence[LotHeader]) -> LotHeader | None:
    """What several header sheets announce of the whole: the first, with the documents of all."""
    if not sheets:
        return None
    counts = [sheet.expected_documents for sheet in sheets]
    total = None if None in counts else sum(count or 0 for count in counts)
    return replace(sheets[0], expected_documents=total)


class _Builder:
    """Holds the document that is growing while a lot's pages pass by."""

    def __init__(
        self,
        plan: Plan,
        fund: str,
        is_cut: bool,
        header: LotHeader | None,
        after_patch_3: LotHeader | None,
    ) -> None:
        self.drafts: list[DocumentDraft] = []
        self.loose: list[Page] = []
        self._plan, self._fund = plan, fund
        self._is_cut, self._header, self._after_patch_3 = is_cut, header, after_patch_3
        self._first: PageReading | None = None
        self._pages: list[Page] = []
        self._marks: list[str] = []
        self._nirs: frozenset[str] = frozenset()
        self._after_gap = False
        self._separated = False

    def add(self, page: PageReading | MissingPage, *, is_verso: bool) -> None:
        if isinstance(page, MissingPage):
            self.mark(PAGE_MISSING)
            self._after_gap = True
        elif page.separator is not None and not page.separator.keeps_page:
            self.close()
            self._separated = True
            self._obey(page.separator)
            self.loose.append(to_page(page, PageRole.SEPARATOR))
        elif page.is_blank and (self._first is not None or not UNREAD_BESIDE & set(page.marks)):
            target = self._pages if self._first is not None else self.loose
            target.append(to_page(page, PageRole.BLANK))
        elif self._first is None or (not is_verso and self._opens(page)):
            was_gap = self._after_gap and not _is_first_page(page, self._plan)
            self.close()
            self._open(page)
            if was_gap:
                self.mark(PAGE_MISSING)
        elif self._names_another(page):
            self.mark(OTHER_PERSON)
            self.close()
            self._open(page)
            self.mark(OTHER_PERSON)
        elif sides.is_back_of_another(page, self._first):
            self.close()
            self._open(page)
        else:
            self._join(page, self._first, is_verso=is_verso)

    def _join(self, page: PageReading, first: PageReading, *, is_verso: bool) -> None:
        entry = self._plan.of(first.guesses[0].type if first.guesses else "", self._fund)
        kind = page.guesses[0].type if page.guesses else UNKNOWN.type
        is_announced = self._header is not None and bool(self._header.pages_each)
        # What may be the first page of a form belongs to nobody else's, whatever was announced.
        is_expected = kind in entry.attachments or (is_announced and page.layout is None)
        if page.is_back:
            is_expected = not self._has_back_like(page)
        if entry.straight and not is_expected:
            self.mark(PAGE_UNEXPECTED)
        role = PageRole.BACK if is_verso or page.is_back else PageRole.ATTACHMENT
        self._pages.append(to_page(page, role))
        self._nirs |= nirs_of(page)

    def _has_back_like(self, page: PageReading) -> bool:
        """Whether the same side of a sheet is there already: the front of this one is not."""
        backs = [one.text for one in self._pages if one.role is PageRole.BACK]
        return any(fuzz.ratio(page.text, text) >= _SAME_SIDE for text in backs)

    def _names_another(self, page: PageReading) -> bool:
        """Whether a page holds a social security number that is not on the growing document."""
        return differ(self._nirs, nirs_of(page))

    def _obey(self, separator: Separator) -> None:
        if separator.header is not None:
            self._header = separator.header
        elif separator.kind is SeparatorKind.PATCH_3:
            self._header = self._after_patch_3

    def close(self) -> None:
        if self._first is not None:
            self.drafts.append(
                DocumentDraft(
                    self._first,
                    tuple(self._pages),
                    self._first.fields,
                    tuple(self._marks),
                    self._separated,
                    self._header,
                )
            )
            self._separated = False
        self._first, self._pages, self._marks = None, [], []
        self._nirs = frozenset()
        self._after_gap = False

    def rescue_blanks(self) -> None:
        """A lot of nothing but blanks is a document for a person, not a lot of nothing."""
        blanks = [page for page in self.loose if page.role is PageRole.BLANK]
        if self.drafts or not blanks:
            return
        first = PageReading(ref=blanks[0].ref, is_blank=True)
        draft = DocumentDraft(first, tuple(blanks), (), (), separated=False, header=self._header)
        self.drafts.append(draft)
        self.loose = [page for page in self.loose if page.role is not PageRole.BLANK]

    def _open(self, page: PageReading) -> None:
        if page.separator is not None:
            self._separated = True
            self._obey(page.separator)
        self._first = page
        self._nirs = nirs_of(page)
        self._pages = [to_page(page, PageRole.BACK if page.is_back else PageRole.FRONT)]

    def mark(self, mark: str) -> None:
        """Mark the document that is growing, if there is one."""
        if self._first is not None and mark not in self._marks:
            self._marks.append(mark)

    def _opens(self, page: PageReading) -> bool:
        """Whether a page with content begins a new document after the one that is growing."""
        if page.separator is not None:
            return True
        if page.is_back:
            return False
        if _is_first_page(page, self._plan):
            return True
        if self._after_gap:
            return True
        if self._header is not None and self._header.pages_each:
            written = sum(p.role is not PageRole.BLANK for p in self._pages)
            return written >= self._header.pages_each
        if self._is_cut:
            return False
        kind = page.guesses[0].type if page.guesses else UNKNOWN.type
        grown = self._first.guesses[0].type if self._first and self._first.guesses else ""
        return kind not in self._plan.of(grown, self._fund).attachments


def _is_first_page(page: PageReading, plan: Plan) -> bool:
    """A form that was recognised with confidence, its front up."""
    return (
        not page.is_back
        and page.layout is not None
        and bool(page.guesses)
        and page.guesses[0].confidence >= plan.type_confidence
    )


def to_page(reading: PageReading, role: PageRole) -> Page:
    """A page of a document from its reading."""
    return Page(
        ref=reading.ref,
        role=role,
        rotation=reading.rotation,
        skew_deg=reading.skew_deg,
        dpi=reading.dpi,
        width_mm=reading.width_mm,
        height_mm=reading.height_mm,
        blur=reading.blur,
        text=reading.text,
        marks=reading.marks,
        twin=reading.twin,
    )
