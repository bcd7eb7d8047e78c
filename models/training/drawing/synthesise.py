"""Pages drawn by code with their truth: forms, attachments, letters, envelopes, others' mail.

The same seed draws the same pages. A type's layouts are drawn anew for each page, except where
the form's geometry was measured (``models/forms``, verified) and for *invented* forms: types
that do not exist, each with its own fixed blank, so that a network learns to tell any form from
any other. *Worded* forms do not exist either, and keep their words but not their layout.
``held_out`` pages use fonts and layouts that training never sees.
"""

import argparse
import functools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from edge import sheets
from edge.imaging.cleaning import quarter_turn
from models.training.drawing import attachments, degrade, fill, forms, layouts, mail, people, texts
from models.training.drawing.compose import Page, Style
from models.training.drawing.fill import cabinet
from models.training.drawing.paper import A4, Sheet
from vaguemestre import pack
from vaguemestre.model.document import Layout
from vaguemestre.model.forms import FormDefinition

Pixels = NDArray[np.uint8]
INVENTED, WORDED = "invented-", "worded-"
TAUGHT, UNTAUGHT = (
    (*range(200), *range(1000, 1500)),
    range(200, 230),
)  # numbers of invented forms: training, evaluation


@dataclass(frozen=True, slots=True)
class Truth:
    """What a drawn page is.

    ``type`` is a type of the plan, ``blank``, or ``invented-N``; ``rotation`` the clockwise turn
    that was done to the page, 0 to 270; ``faults`` what else, in order; ``fields`` what is
    written on it by field name (a letter's whole text under ``text``).
    """

    type: str
    fields: Mapping[str, str]
    rotation: int = 0
    faults: tuple[str, ...] = ()


@functools.cache
def _forms() -> Mapping[str, FormDefinition]:
    return pack.load(pack.default_dir()).forms


def known_types() -> tuple[str, ...]:
    """Types with a page of their own: all of the pack's forms."""
    return tuple(sorted(_forms()))


def draw(kind: str, seed: int, dpi: int, *, held_out: bool = False) -> tuple[Pixels, Truth]:
    """Draw one clean, upright page of a kind.

    Args:
        kind: A type of the pack, ``unknown``, ``blank``, ``invented-N`` or ``worded-N``;
            ``separator``, or ``back``: a blank whose front shines through.
        seed: The same page for the same seed.
        dpi: Of the drawn page, 60 or more.
        held_out: With fonts and layouts that are kept for evaluation.
    """
    hand = random.Random(seed)
    if kind == "separator":
        return _separator(dpi), Truth(kind, {})
    if kind == "back":
        return _back(seed, hand, dpi, held_out=held_out), Truth("blank", {})
    # An invented form's blank hangs on its name only: two seeds fill the same one.
    layout = random.Random(kind) if kind.startswith(INVENTED) else random.Random(seed + 1)
    if kind in _forms() and _forms()[kind].layout is Layout.VERIFIED:
        return _verified(_forms()[kind], hand, dpi, held_out=held_out)
    fonts = cabinet(held_out)
    is_card = kind in ("piece_identite", "carte_mutuelle") and layout.random() < 0.4
    sheet = Sheet(*((148.0, 105.0) if is_card else A4), dpi, layout.choice((255, 255, 250, 240)))
    by_hand = fonts.draw(hand, 0.6)
    page = Page(
        sheet, layout, hand, Style.drawn(layout, fonts), by_hand if hand.random() < 0.85 else None
    )
    _compose(page, kind, held_out=held_out)
    return sheet.pixels(), Truth(kind, dict(page.fields))


def degraded(
    page: Pixels, truth: Truth, seed: int, dpi: int, *, turned: float = 0.25
) -> tuple[Pixels, Truth]:
    """A drawn page with faults by chance, turned by quarters with the given probability."""
    rng = random.Random(seed + 2)
    made, faults = degrade.mixed(page, dpi, rng)
    rotation = rng.choice((90, 180, 270)) if rng.random() < turned else 0
    return quarter_turn(made, rotation), Truth(truth.type, truth.fields, rotation, faults)


def kinds(rng: random.Random, invented: Sequence[int]) -> Iterator[str]:
    """An endless mix of kinds: our types, mail of others, invented forms."""
    ours = known_types()
    while True:
        share = rng.random()
        if share < 0.5:
            yield rng.choice(ours)
        elif share < 0.6:
            yield "unknown"
        else:
            yield f"{rng.choice((INVENTED, WORDED))}{rng.choice(invented)}"


def pages(
    seed: int,
    count: int,
    *,
    dpi: int = 200,
    held_out: bool = False,
    invented: Sequence[int] = TAUGHT,
) -> Iterator[tuple[Pixels, Truth]]:
    """Draw and degrade pages of all kinds.

    Args:
        seed: The same pages for the same seed.
        count: How many.
        dpi: 150 to 300 for reading, 75 to 110 for training on thumbnails.
        held_out: With fonts and layouts kept for evaluation.
        invented: Numbers of the invented forms to draw from.
    """
    mix = kinds(random.Random(seed), invented)
    for number in range(count):
        one = seed * 1_000_003 + number
        page, truth = draw(next(mix), one, dpi, held_out=held_out)
        yield degraded(page, truth, one, dpi)


def sheet_of(drawn: list[Pixels], columns: int, width: int) -> Pixels:
    """A contact sheet, to look at what was drawn."""
    cells = []
    for page in drawn:
        small = cv2.resize(
            page,
            (width, round(page.shape[0] * width / page.shape[1])),
            interpolation=cv2.INTER_AREA,
        )
        cell = np.full((round(width * 1.42), width), 128, np.uint8)
        rows = min(cell.shape[0], small.shape[0])
        cell[:rows] = small[:rows]
        cells.append(np.pad(cell, 3, constant_values=60))
    cells += [np.full_like(cells[0], 60)] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])


def _verified(
    form: FormDefinition, hand: random.Random, dpi: int, *, held_out: bool
) -> tuple[Pixels, Truth]:
    blank = _blank(form.type, dpi)
    if hand.random() < 0.1:
        return blank.copy(), Truth(form.type, {})
    written = fill.plausible_values(form, hand)
    face = cabinet(held_out).draw(hand, 0.5)
    spelt = {name: face.spelt(value) for name, value in written.items()}
    page = fill.fill(blank, form, spelt, font=face.regular, rng=hand, across=hand.random() < 0.2)
    return page, Truth(form.type, spelt)


def _back(seed: int, hand: random.Random, dpi: int, *, held_out: bool) -> Pixels:
    front, _ = draw(hand.choice(known_types()), seed, dpi, held_out=held_out)
    depth = hand.uniform(0.03, 0.14)
    ghost = cv2.GaussianBlur(front[:, ::-1], (0, 0), 0.15 * dpi / 25.4)
    return np.asarray(255 - (255 - ghost.astype(np.float32)) * depth, np.uint8)


@functools.lru_cache(maxsize=4)
def _separator(dpi: int) -> Pixels:
    with pypdfium2.PdfDocument(sheets.separator_sheets_pdf(1)) as document:
        image = document[0].render(scale=dpi / 72, grayscale=True).to_numpy()
    return np.array(image, np.uint8).reshape(image.shape[:2])


@functools.lru_cache(maxsize=24)
def _blank(kind: str, dpi: int) -> Pixels:
    return forms.blank(_forms()[kind], dpi)


def _compose(page: Page, kind: str, *, held_out: bool) -> None:
    rng = page.layout
    arrangement = rng.choice(attachments.HELD_OUT if held_out else attachments.TRAINING)
    layout = rng.choice(layouts.HELD_OUT if held_out else layouts.TRAINING)
    if kind == "blank":
        return
    if kind == "courrier":
        if rng.random() < 0.6:
            page.writing = None
        mail.letter(page, rng.choice((300, 600, 1200, 1800, 2600)))
    elif kind == "pnd":
        mail.returned(page)
    elif kind == "misdirected":
        mail.foreign(page, layout)
    elif kind == "unknown":
        rng.choice(mail.UNKNOWN)(page)
    elif kind in attachments.MAKERS:
        arrangement(page, attachments.words_of(kind, rng, page.hand))
    elif kind.startswith(INVENTED):
        layout(page, _invented(rng), mail.any_entries(page))
    elif kind.startswith(WORDED):
        layout(page, _invented(random.Random(kind)), mail.any_entries(page))
    else:
        _ours(page, _forms()[kind], layout)


def _invented(rng: random.Random) -> layouts.Print:
    title = rng.choice(texts.INVENTED_TITLES)
    number = f"{rng.randint(10000, 16999)}*{rng.randint(1, 9):02d}" if rng.random() < 0.5 else ""
    return layouts.Print(title, number, "", rng.sample(texts.SECTIONS, 4), "")


def _ours(page: Page, form: FormDefinition, layout: layouts.Layout) -> None:
    rng, someone = page.layout, people.person(page.hand)
    known = texts.of(form)
    entries = []
    for spec in form.fields:
        if rng.random() < 0.85:
            value = people.shown(spec.kind, people.of_field(spec, someone, page.hand))
            label = rng.choice(spec.labels) if spec.labels else spec.name
            entries.append(layouts.Entry(spec.name, label[:1].upper() + label[1:], value))
    entries += [entry for entry in mail.any_entries(page) if rng.random() < 0.5]
    cerfa = form.cerfa[0] if form.cerfa else ""
    phrases = [phrase for phrase in known.phrases if rng.random() < 0.9]
    issuer = rng.choice(("", "l'Assurance Maladie", "cerfa"))
    s_number = form.s_numbers[0] if form.s_numbers else ""
    layout(page, layouts.Print(rng.choice(known.titles), cerfa, s_number, phrases, issuer), entries)


def main() -> None:
    """Draw a contact sheet of all kinds, to look at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=[])
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--clean", action="store_true")
    options = parser.parse_args()
    wanted = options.kinds or [*known_types(), "unknown", f"{INVENTED}1", f"{INVENTED}2"]
    drawn = []
    for number, kind in enumerate(wanted):
        page, truth = draw(kind, options.seed + number, 100, held_out=options.held_out)
        drawn.append(
            page if options.clean else degraded(page, truth, options.seed + number, 100)[0]
        )
    Image.fromarray(sheet_of(drawn, 8, 340)).save(options.out)


if __name__ == "__main__":
    main()
