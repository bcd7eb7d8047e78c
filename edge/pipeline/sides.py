"""Which pages of a lot scanned on both sides are second sides, and where that cannot be told.

The scanner takes front and back of every sheet in turn: *the rhythm*. It begins anew after a
separator, on a page that bears one, with each file of several pages, and with a file attached to
another; single images follow each other as if they were one file. One image that is missing or too
many turns fronts into backs from there on. Four things show it: a first page of a form where a back
must lie, a known back where a front must lie, two sides of one sheet that name two people, and an
odd number of images.

Then all pages are in doubt from the last place that is certain: the beginning of the run, or the
last sure front that lay where a front must lie. What follows stays in doubt up to the next
separator, since images are evidently being lost; in its own run it is judged by its look alone.

Whom a page names is told by the social security numbers on it whose own key holds; one misread
number in 97 has a key that holds by chance. Of a measured form the fields are looked at, of any
other page all of its text: a letter may hold a number that no field asks for.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from edge.results import PageReading, Separator
from vaguemestre.model import values
from vaguemestre.model.document import ATTACHED_FROM, Check, ImageRef, Layout

_NIR = "nir"
_KEYED = 13  # characters before the key; people write the number with and without it
_WRITTEN = re.compile(
    r"(?<![0-9A-Z])[123478][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}"
    r"[ .\-/|]{0,3}\d{2}(?![0-9A-Z])"
)


def nirs_of(page: PageReading) -> frozenset[str]:
    """The social security numbers on a page whose keys hold, without their keys."""
    found = {
        field.value
        for field in page.fields
        if field.name.endswith(_NIR) and field.check is Check.OK and field.value is not None
    }
    if page.layout is not Layout.VERIFIED or page.is_back:
        found.update(_in_text(page))
    return frozenset(number[:_KEYED] for number in found)


def differ(one: Collection[str], other: Collection[str]) -> bool:
    """Whether two sets of numbers are those of different people; who has none differs from none."""
    return bool(one) and bool(other) and not set(one) & set(other)


def _in_text(page: PageReading) -> Iterator[str]:
    for line in page.lines:
        for written in _WRITTEN.finditer(line.text.upper()):
            number = re.sub(r"[^0-9AB]", "", written[0])
            if values.is_proved_nir(number):
                yield number


@dataclass(frozen=True, slots=True)
class MissingPage:
    """A page that was set aside; it is counted as one image."""

    ref: ImageRef


@dataclass(frozen=True, slots=True)
class Sides:
    """Of a lot's pages: ``backs`` stay with the page before them, ``in_doubt`` lost the rhythm."""

    backs: frozenset[ImageRef] = frozenset()
    in_doubt: frozenset[ImageRef] = frozenset()


IsFront = Callable[[PageReading], bool]
_Source = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Run:
    """Pages that follow each other in turn, the first of them a front."""

    pages: list[PageReading | MissingPage]
    is_after_separator: bool


def told(pages: Sequence[PageReading | MissingPage], is_sure_front: IsFront) -> Sides:
    """Find the second sides of a lot.

    Args:
        pages: All pages of the lot in order, front and back in turn.
        is_sure_front: Whether a page is the first of a form beyond doubt.
    """
    backs: list[ImageRef] = []
    in_doubt: list[ImageRef] = []
    is_broken = False
    for run in _runs(pages):
        is_broken = is_broken and not run.is_after_separator
        paired, certain = _in_turn(run.pages, is_sure_front)
        backs += _backs(run.pages[:paired])
        doubted = run.pages[0 if is_broken else certain :]
        in_doubt += [page.ref for page in doubted if isinstance(page, PageReading)]
        is_broken = is_broken or (certain < len(run.pages) and not _is_lost(run.pages))
    return Sides(frozenset(backs), frozenset(in_doubt))


def _is_lost(pages: Sequence[PageReading | MissingPage]) -> bool:
    """A file that could not be read says nothing of the rhythm of the next one."""
    return all(isinstance(page, MissingPage) for page in pages)


def _runs(pages: Sequence[PageReading | MissingPage]) -> list[_Run]:
    sizes = Counter(_source(page.ref) for page in pages)
    runs = [_Run([], is_after_separator=True)]
    before: PageReading | MissingPage | None = None
    for page in pages:
        separator = _separator(page)
        is_new_file = before is not None and _begins_a_sheet(before.ref, page.ref, sizes)
        is_its_back = before is not None and _is_cut(before) and not is_new_file
        if separator is not None:
            kept: list[PageReading | MissingPage] = [page] if separator.keeps_page else []
            runs.append(_Run(kept, is_after_separator=True))
        elif is_new_file and runs[-1].pages:
            runs.append(_Run([page], is_after_separator=False))
        elif not (is_its_back and isinstance(page, PageReading) and page.is_blank):
            runs[-1].pages.append(page)
        before = page
    return [run for run in runs if run.pages]


def _separator(page: PageReading | MissingPage) -> Separator | None:
    return page.separator if isinstance(page, PageReading) else None


def _is_cut(page: PageReading | MissingPage) -> bool:
    separator = _separator(page)
    return separator is not None and not separator.keeps_page


def _begins_a_sheet(before: ImageRef, here: ImageRef, sizes: Counter[_Source]) -> bool:
    one, other = _source(before), _source(here)
    if one == other:
        return False
    is_attached = one[0] == other[0]
    return is_attached or not (sizes[one] == 1 and sizes[other] == 1)


def _source(ref: ImageRef) -> _Source:
    """What a page was scanned with: its file, or the file attached to that one."""
    return ref.file, ref.index // ATTACHED_FROM


def _in_turn(pages: Sequence[PageReading | MissingPage], is_sure_front: IsFront) -> tuple[int, int]:
    """How many pages lie in turn up to what contradicts it, and how many of them for certain."""
    certain = 0
    for i, page in enumerate(pages):
        if isinstance(page, MissingPage):
            continue
        is_front = is_sure_front(page)
        if i % 2 == 1 and (is_front or not _may_be_back_of(pages[i - 1], page)):
            return i - 1, certain
        if i % 2 == 0 and page.is_back:
            return i, certain
        if i % 2 == 0 and is_front:
            certain = i
    return (len(pages) - 1, certain) if len(pages) % 2 else (len(pages), len(pages))


def _may_be_back_of(front: PageReading | MissingPage, page: PageReading) -> bool:
    if isinstance(front, MissingPage):
        return True
    return not differ(nirs_of(front), nirs_of(page)) and not is_back_of_another(page, front)


def is_back_of_another(page: PageReading, front: PageReading) -> bool:
    """Whether a page is the known back of another form than the one on its front."""
    if not page.is_back or not page.guesses or front.layout is None or not front.guesses:
        return False
    return page.guesses[0].type != front.guesses[0].type


def _backs(pages: Sequence[PageReading | MissingPage]) -> list[ImageRef]:
    """Second sides whose own front is there and written: a blank one is no document's."""
    return [
        back.ref
        for front, back in zip(pages[::2], pages[1::2], strict=True)
        if isinstance(front, PageReading) and not front.is_blank
    ]
