"""Attachments: ordonnances, invoices, bank details, payslips and the like, each many ways.

An attachment is made of blocks: a letterhead, a title, pairs of label and value, a table, a
paragraph, a signature. The type decides which blocks and which words, chance their order and
place. ``HELD_OUT`` arrangements are drawn for evaluation only.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.training import facts, goods, grammar, people
from models.training.compose import Page
from vaguemestre.model.document import BoxMm


@dataclass(frozen=True, slots=True)
class Words:
    """What an attachment says, block by block; empty ones are left out."""

    issuer: Sequence[str]
    title: str
    pairs: Sequence[tuple[str, str]]
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    body: Sequence[str] = ()
    last: Sequence[tuple[str, str]] = ()


Arrangement = Callable[[Page, Words], None]


def classic(page: Page, words: Words) -> None:
    """Letterhead left, title in the middle, pairs, table, body."""
    rng, left, width = page.layout, page.style.margin + 3, page.inner - 6
    y = _block(page, left, rng.uniform(12, 24), words.issuer)
    y = _titled(page, max(y + 4, rng.uniform(40, 62)), words.title, left, width)
    y = _pairs(page, left, y + 3, words.pairs, width)
    _rest(page, left, y + 3, words, width)


def headed(page: Page, words: Words) -> None:
    """Title first, then who writes and what, in two columns."""
    rng, left, width = page.layout, page.style.margin, page.inner
    y = _titled(page, rng.uniform(15, 26), words.title, left, width)
    end = _block(page, left, y + 5, words.issuer)
    right = _pairs(page, left + width * 0.48, y + 5, words.pairs, width * 0.52)
    _rest(page, left, max(end, right) + 4, words, width)


def cornered(page: Page, words: Words) -> None:
    """Letterhead right, title left."""
    rng, left, width = page.layout, page.style.margin, page.inner
    end = _block(page, left + width * 0.55, rng.uniform(14, 22), words.issuer)
    y = _titled(page, rng.uniform(16, 30), words.title, left, width * 0.5)
    y = _pairs(page, left, max(end, y) + 5, words.pairs, width * rng.uniform(0.6, 1.0))
    _rest(page, left, y + 2, words, width)


def framed(page: Page, words: Words) -> None:
    """Everything in a frame, as on slips: often only part of the sheet."""
    rng, left, width = page.layout, page.style.margin, page.inner
    top = rng.uniform(10, 40)
    y = _titled(page, top + 8, words.title, left + 5, width - 10)
    y = _block(page, left + 5, y + 3, words.issuer)
    y = _pairs(page, left + 5, y + 2, words.pairs, width - 10)
    y = _rest(page, left + 5, y + 2, words, width - 10)
    page.sheet.frame(BoxMm(left, top, width, y - top + 4), page.style.ink, rng.uniform(0.3, 0.9))


def banded(page: Page, words: Words) -> None:
    """A dark band at the left, the title low; only drawn for evaluation."""
    rng, left = page.layout, page.style.margin + 28
    page.sheet.band(BoxMm(0, 0, page.style.margin + 20, page.sheet.height_mm), 150)
    width = page.sheet.width_mm - left - 10
    y = _block(page, left, 20, words.issuer)
    y = _pairs(page, left, y + 6, words.pairs[:2], width)
    y = _titled(page, y + 12, words.title, left, width)
    y = _pairs(page, left, y + 4, words.pairs[2:], width)
    _rest(page, left, y + rng.uniform(2, 8), words, width)


TRAINING: tuple[Arrangement, ...] = (classic, headed, cornered, framed)
HELD_OUT: tuple[Arrangement, ...] = (banded,)


def words_of(kind: str, rng: random.Random, hand: random.Random) -> Words:
    """What an attachment of a type says; ``hand`` decides on people and amounts."""
    someone = people.person(hand)
    title = rng.choice(facts.TITLES[kind])
    made = goods.MAKERS[kind](rng, hand, someone)
    return Words(made.issuer, title, made.pairs, made.heads, made.rows, made.body, made.last)


def _titled(page: Page, y: float, text: str, left: float, width: float) -> float:
    if not text:
        return y
    return page.title(y, text, page.layout.uniform(3.2, 6.0), left=left, width=width)


def _block(page: Page, x: float, y: float, lines: Sequence[str]) -> float:
    height = page.style.label + 0.3
    if lines and page.layout.random() < 0.35:
        page.logo(x, y - 3, lines[0])
        y += 16
        lines = lines[1:]
    for number, line in enumerate(lines):
        page.say(x, y, line, height, bold=number == 0)
        y += height * 2.1
    return y


def _pairs(page: Page, x: float, y: float, pairs: Sequence[tuple[str, str]], width: float) -> float:
    """Labels with their values, printed: attachments are made by programs."""
    rng, height = page.layout, page.style.label + 0.3
    gap = rng.choice((2.0, 2.0, width * 0.4))
    for label, value in pairs:
        page.say(x, y, f"{label} :" if value else label, height, bold=rng.random() < 0.3)
        used = page.sheet.width_of(label, page.style.face.regular, height) + 3
        room = width - max(gap, used)
        for line in page.lines_of(value, height, max(20.0, room), bold=False):
            page.say(x + max(gap, used), y, line, height)
            y += height * 2.1
    return y


def _rest(page: Page, x: float, y: float, words: Words, width: float) -> float:
    rng, height = page.layout, page.style.label + 0.3
    if words.heads:
        y = page.table(BoxMm(x, y, width, 60), words.heads, words.rows)
    for part in words.body:
        y = page.wrapped(x, y + 3, part, height, width) + rng.uniform(0, 3)
    y = _pairs(page, x + width * rng.choice((0.0, 0.5)), y + 4, words.last, width * 0.5)
    if rng.random() < 0.4:
        page.scribble(BoxMm(x + width * 0.55, y, 40, 14))
        y += 16
    if rng.random() < 0.5:
        bottom = page.sheet.height_mm - 12
        if y < bottom - 10:
            page.wrapped(x, bottom - 5, grammar.paragraph(rng, 120), 1.5, width)
    return y
