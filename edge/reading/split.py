"""From the pages of a lot to its documents.

Separators cut; they and blanks outside documents stay with the lot as loose pages, marked,
never dropped. A form's first page opens a document. Backs, continuations and blanks stay with
what came before them. Other pages join the document before them where a separator-cut lot, the
header's pages a document, or the plan says so; else they open a document of their own. A page
that could not be read leaves a gap, and what stands around the gap is marked for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.document import Field as DocumentField
from edge.document import (
    LotHeader,
    Page,
    PageReading,
    PageRef,
    Role,
    SeparatorKind,
    TypeGuess,
)
from edge.plan import Plan

UNKNOWN = TypeGuess("unknown", 0.0)
PAGE_MISSING = "page_missing"


@dataclass(frozen=True, slots=True)
class Gap:
    """A page that was set aside."""

    ref: PageRef


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before its route: its first page speaks for its type."""

    first: PageReading
    pages: tuple[Page, ...]
    fields: tuple[DocumentField, ...]
    marks: tuple[str, ...]
    separated: bool  # something said where it begins, other than its own look

    @property
    def guess(self) -> TypeGuess:
        """The best candidate type."""
        return self.first.guesses[0] if self.first.guesses else UNKNOWN


@dataclass(frozen=True, slots=True)
class Assembly:
    """A lot's documents in order, and the pages that belong to none."""

    drafts: tuple[Draft, ...]
    loose: tuple[Page, ...]
    header: LotHeader | None


def assemble(
    pages: Sequence[PageReading | Gap], plan: Plan, fund: str, header: LotHeader | None = None
) -> Assembly:
    """Cut a lot into documents.

    Args:
        pages: All pages of the lot in order; a twin image is part of its page, not one of them.
        plan: Says which types join which.
        fund: For the plan.
        header: The index file's announcement; a header sheet among the pages wins.
    """
    readings = [page for page in pages if isinstance(page, PageReading)]
    sheets = [p.separator.header for p in readings if p.separator and p.separator.header]
    header = sheets[0] if sheets else header
    is_cut = any(
        page.separator is not None and page.separator.kind is not SeparatorKind.HEADER
        for page in readings
    )
    builder = _Builder(plan, fund, is_cut, header.pages_each if header else None)
    for page in pages:
        builder.add(page)
    builder.close()
    builder.rescue_blanks()
    return Assembly(tuple(builder.drafts), tuple(builder.loose), header)


class _Builder:
    """Holds the document that is growing while a lot's pages pass by."""

    def __init__(self, plan: Plan, fund: str, is_cut: bool, pages_each: int | None) -> None:
        self.drafts: list[Draft] = []
        self.loose: list[Page] = []
        self._plan, self._fund = plan, fund
        self._is_cut, self._pages_each = is_cut, pages_each
        self._first: PageReading | None = None
        self._pages: list[Page] = []
        self._marks: list[str] = []
        self._after_gap = False
        self._separated = False

    def add(self, page: PageReading | Gap) -> None:
        if isinstance(page, Gap):
            self._mark(PAGE_MISSING)
            self._after_gap = True
        elif page.separator is not None and page.separator.kind is not SeparatorKind.PATCH_2:
            self.close()
            self._separated = True
            self.loose.append(to_page(page, Role.SEPARATOR))
        elif page.is_blank:
            target = self._pages if self._first is not None else self.loose
            target.append(to_page(page, Role.BLANK))
        elif self._first is None or self._opens(page):
            was_gap = self._after_gap and not _is_first_page(page, self._plan)
            self.close()
            self._open(page)
            if was_gap:
                self._mark(PAGE_MISSING)
        else:
            self._pages.append(to_page(page, self._role(page)))

    def close(self) -> None:
        if self._first is not None:
            self.drafts.append(
                Draft(
                    self._first,
                    tuple(self._pages),
                    self._first.fields,
                    tuple(self._marks),
                    self._separated,
                )
            )
            self._separated = False
        self._first, self._pages, self._marks = None, [], []
        self._after_gap = False

    def rescue_blanks(self) -> None:
        """A lot of nothing but blanks is a document for a person, not a lot of nothing."""
        blanks = [page for page in self.loose if page.role is Role.BLANK]
        if self.drafts or not blanks:
            return
        first = PageReading(ref=blanks[0].ref, is_blank=True)
        self.drafts.append(Draft(first, tuple(blanks), (), (), separated=False))
        self.loose = [page for page in self.loose if page.role is not Role.BLANK]

    def _open(self, page: PageReading) -> None:
        if page.separator is not None:
            self._separated = True
        self._first = page
        self._pages = [to_page(page, Role.BACK if page.is_back else Role.FRONT)]

    def _mark(self, mark: str) -> None:
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
        if self._pages_each:
            return sum(p.role is not Role.BLANK for p in self._pages) >= self._pages_each
        if self._is_cut:
            return False
        kind = page.guesses[0].type if page.guesses else UNKNOWN.type
        grown = self._first.guesses[0].type if self._first and self._first.guesses else ""
        return kind not in self._plan.of(grown, self._fund).attachments

    def _role(self, page: PageReading) -> Role:
        return Role.BACK if page.is_back else Role.ATTACHMENT


def _is_first_page(page: PageReading, plan: Plan) -> bool:
    """A form that was recognised with confidence, its front up."""
    return (
        not page.is_back
        and page.layout is not None
        and bool(page.guesses)
        and page.guesses[0].confidence >= plan.type_confidence
    )


def to_page(reading: PageReading, role: Role) -> Page:
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
