"""Random layouts of administrative forms around what is printed on them.

Nobody measured the blanks of most forms; what is known of them are titles, numbers and telling
phrases. Each layout here places them anew, so that a type must be known by its words. One layout
(``carded``) is never drawn for training.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.training.drawing import texts
from models.training.drawing.compose import Page
from vaguemestre.model.document import BoxMm


@dataclass(frozen=True, slots=True)
class Entry:
    """A labelled field: its name, what is printed beside it, what is written."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Print:
    """What a blank carries: title, numbers, phrases; ``issuer`` names an organisation or ''."""

    title: str
    cerfa: str
    s_number: str
    phrases: Sequence[str]
    issuer: str


Layout = Callable[[Page, Print, Sequence[Entry]], None]


def stacked(page: Page, blank: Print, entries: Sequence[Entry]) -> None:
    """Sections one above the other over the full width."""
    rng, left, width = page.layout, page.style.margin, page.inner
    y = _header(page, blank)
    bottom = page.sheet.height_mm - 22
    for group in _groups(rng, entries):
        y = page.section(left, y, _heading(rng, blank), width)
        for entry in group:
            y = _entry(page, left, y, entry, width)
        y = _between(page, left, y, blank, width)
        if y > bottom - 40:
            break
    while y < bottom - 45 and rng.random() < 0.75:
        y = _filler(page, left, y, blank, width, bottom)
    _footer(page, blank)


def columns(page: Page, blank: Print, entries: Sequence[Entry]) -> None:
    """Two columns of sections."""
    rng, left, gap = page.layout, page.style.margin, 5.0
    width = (page.inner - gap) / 2
    top = _header(page, blank)
    bottom = page.sheet.height_mm - 24
    halves = (entries[::2], entries[1::2])
    for column, half in enumerate(halves):
        x, y = left + column * (width + gap), top
        for group in _groups(rng, half):
            y = page.section(x, y, _heading(rng, blank), width)
            for entry in group:
                y = _entry(page, x, y, entry, width)
            y = _between(page, x, y, blank, width)
        while y < bottom - 35 and rng.random() < 0.8:
            y = _filler(page, x, y, blank, width, bottom)
    _footer(page, blank)


def tabled(page: Page, blank: Print, entries: Sequence[Entry]) -> None:
    """Labels and values in a ruled table, small print around it."""
    rng, left, width = page.layout, page.style.margin, page.inner
    y = _header(page, blank)
    y = page.wrapped(left, y + 2, _small_print(rng, 260), page.style.label, width) + 2
    row = page.style.pitch + rng.uniform(0, 3)
    split = rng.uniform(0.3, 0.5) * width
    for entry in entries:
        page.sheet.frame(BoxMm(left, y, width, row), page.style.ink, 0.25)
        page.sheet.rule(left + split, y, left + split, y + row, page.style.ink, 0.25)
        page.say(left + 1.5, y + row * 0.65, entry.label, page.style.label)
        page.note(entry.name, entry.value)
        page.write(BoxMm(left + split, y, width - split, row), entry.value)
        y += row
    y += 6
    bottom = page.sheet.height_mm - 24
    for phrase in blank.phrases:
        y = page.section(left, y, phrase, width)
        if y > bottom - 30:
            break
        y = page.wrapped(left, y + 2, _small_print(rng, 200), page.style.label, width) + 3
    while y < bottom - 45 and rng.random() < 0.7:
        y = _filler(page, left, y, blank, width, bottom)
    _footer(page, blank)


def lettered(page: Page, blank: Print, entries: Sequence[Entry]) -> None:
    """Little but words: a form that looks like a letter with gaps to fill."""
    rng, left, width = page.layout, page.style.margin + 4, page.inner - 8
    y = _header(page, blank) + rng.uniform(2, 14)
    for entry in entries:
        if rng.random() < 0.4:
            y = page.wrapped(left, y, _small_print(rng, 220), page.style.label + 0.2, width) + 2
        y = _entry(page, left, y, entry, width)
        if y > page.sheet.height_mm - 60:
            break
    for phrase in blank.phrases:
        y = page.wrapped(left, y + 2, phrase[:1].upper() + phrase[1:] + " :", 2.4, width, bold=True)
        if y > page.sheet.height_mm - 45:
            break
        y = page.wrapped(left, y, _small_print(rng, 300), page.style.label, width) + 2
    _footer(page, blank)


def carded(page: Page, blank: Print, entries: Sequence[Entry]) -> None:
    """A grid of framed cards under a title at the left; only drawn for evaluation."""
    rng, left = page.layout, page.style.margin
    y = 22.0
    page.say(page.sheet.width_mm - left, y - 8, _cerfa(rng, blank), 2.2, anchor="rs")
    page.logo(page.sheet.width_mm - left - 50, y - 2, blank.issuer or "Service")
    y = max(42.0, page.title(y, blank.title, rng.uniform(3.4, 5.2), left=left, width=110))
    width, height = page.inner / 2, rng.uniform(38, 52)
    groups = [list(entries[i : i + 3]) for i in range(0, len(entries), 3)]
    headings = [*blank.phrases, *texts.SECTIONS]
    number = 0
    while y + height < page.sheet.height_mm - 20:
        for column in range(2):
            x = left + column * width
            page.sheet.frame(BoxMm(x + 1, y, width - 2, height - 3), 120, 0.4)
            inner = page.section(x + 2, y + 1, headings[number % len(headings)], width - 4)
            for entry in groups[number] if number < len(groups) else ():
                inner = _entry(page, x + 3, inner, entry, width - 6)
            if number >= len(groups):
                page.wrapped(x + 3, inner + 2, _small_print(rng, 150), page.style.label, width - 8)
            number += 1
        y += height
    _footer(page, blank)


TRAINING: tuple[Layout, ...] = (stacked, columns, tabled, lettered)
HELD_OUT: tuple[Layout, ...] = (carded,)


def _header(page: Page, blank: Print) -> float:
    """Logo, numbers and title; returns where the body starts."""
    rng, left, width = page.layout, page.style.margin, page.sheet.width_mm
    top = rng.uniform(9, 18)
    logo_left = rng.random() < 0.6
    has_logo = bool(blank.issuer) or rng.random() < 0.4
    if has_logo:
        page.logo(left if logo_left else width - left - 60, top - 3, blank.issuer)
    number_x, anchor = (width - left, "rs") if logo_left else (left, "ls")
    page.say(number_x, top + 2, _cerfa(rng, blank), rng.uniform(1.8, 2.6), anchor=anchor)
    if blank.s_number and rng.random() < 0.3:
        page.say(number_x, top + 7, blank.s_number, 2.2, anchor=anchor)
    height = rng.uniform(3.2, 5.5)
    y = top + (rng.uniform(16, 24) if has_logo else rng.uniform(8, 16))
    end = page.title(y, blank.title, height, left=left + rng.uniform(0, 12), width=page.inner - 14)
    if rng.random() < 0.5:
        words = f"(article L. {rng.randint(100, 999)}-{rng.randint(1, 9)} du Code)"
        page.say(width / 2, end + 1, words, 1.8, anchor="ms")
        end += 4
    return end + rng.uniform(1, 6)


def _footer(page: Page, blank: Print) -> None:
    rng, bottom = page.layout, page.sheet.height_mm - rng_margin(page.layout)
    if blank.s_number:
        right = rng.random() < 0.7
        x = page.sheet.width_mm - page.style.margin if right else page.style.margin
        letter = rng.choice(("", "a", "b", "c", "d", "g"))
        spaced = blank.s_number.replace("S", rng.choice(("S ", "S")))
        page.say(
            x, bottom, f"{spaced}{letter}", rng.uniform(1.8, 2.6), anchor="rs" if right else "ls"
        )
    if rng.random() < 0.6:
        page.wrapped(page.style.margin, bottom - 7, _small_print(rng, 130), 1.5, page.inner * 0.75)
    if page.writing is not None and page.hand.random() < 0.7:
        page.scribble(BoxMm(page.hand.uniform(100, 140), bottom - 30, 45, 16))


def rng_margin(rng: random.Random) -> float:
    """How far a footer stands from the sheet's end."""
    return rng.uniform(6, 12)


def _cerfa(rng: random.Random, blank: Print) -> str:
    if not blank.cerfa:
        return ""
    number = blank.cerfa if "*" in blank.cerfa else f"{blank.cerfa}*{rng.randint(1, 9):02d}"
    return rng.choice(("N° {}", "cerfa N° {}", "n°{}", "cerfa n° {}")).format(number)


def _entry(page: Page, x: float, y: float, entry: Entry, width: float) -> float:
    page.note(entry.name, entry.value)
    return page.field(x, y, entry.label, width, entry.value)


def _groups(rng: random.Random, entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    size = rng.randint(2, 4)
    return [entries[i : i + size] for i in range(0, len(entries), size)]


def _heading(rng: random.Random, blank: Print) -> str:
    if blank.phrases and rng.random() < 0.45:
        return rng.choice(blank.phrases)
    return rng.choice(texts.SECTIONS)


def _between(page: Page, x: float, y: float, blank: Print, width: float) -> float:
    rng = page.layout
    if blank.phrases and rng.random() < 0.5:
        page.say(x, y + 2.5, rng.choice(blank.phrases), page.style.label)
        y += page.style.pitch * 0.8
    if rng.random() < 0.35:
        y = page.options(x, y, rng.sample(texts.OPTIONS, 3 if width > 90 else 2), width)
    return y + rng.uniform(0, 4)


def _filler(page: Page, x: float, y: float, blank: Print, width: float, bottom: float) -> float:
    rng = page.layout
    match rng.randrange(4):
        case 0:
            return page.wrapped(x, y + 3, _small_print(rng, 300), page.style.label, width) + 2
        case 1:
            y = page.section(x, y, _heading(rng, blank), width)
            return page.options(x, y, rng.sample(texts.OPTIONS, 3 if width > 90 else 2), width)
        case 2:
            label = rng.choice(texts.LABELS)
            return page.field(x, y, label, width, page.hand.choice(("", "", "NÉANT")))
        case _:
            heads = rng.sample(texts.LABELS, 4 if width > 90 else 2)
            rows = [[""] * len(heads)] * rng.randint(2, 4)
            return page.table(BoxMm(x, y, width, min(40, bottom - y)), heads, rows)


def _small_print(rng: random.Random, characters: int) -> str:
    return texts.paragraph(rng, rng.randint(characters // 2, characters))
