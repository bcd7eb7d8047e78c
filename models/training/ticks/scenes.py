"""A box of a form with its surroundings: what the blank has there, and what may be written near.

Part of the scenes are cut from our drawn forms, the rest are invented: white boxes in tints,
frames, labels on either side, bars, rows of other boxes. A scene is 30 × 24 mm with the box in its
middle.
"""

import functools
import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.enrolment import blanks as blank_sheets
from edge.extraction import ticks as extraction_ticks
from edge.ocr.engine import Gray
from models.training.drawing import forms
from models.training.drawing import paper as drawing_paper
from models.training.drawing.paper import Sheet
from vaguemestre import pack
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FormDefinition, bounding_box

WIDE_MM, HIGH_MM = 30.0, 24.0
_OURS = ("S3110", "S3501")
OF_OURS = 0.5
_BLANK_DPI = 200
_KNOWN_OF_OURS, _KNOWN, _OTHER_COPY = 0.92, 0.7, 0.4  # how often the blank was measured, and which
_WORDS = (
    "oui", "non", "autre", "urgence", "maladie", "maternité", "prévention", "accès direct",
    "Monsieur", "Madame", "date", "AT/MP", "accident causé par un tiers", "NON", "OUI", "la part",
    "si le patient", "en espèces", "virement", "première demande", "prolongation", "hors résidence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What is printed around a box, in the scene's own millimetres.

    ``boxes`` are the box or its free parts, ``printed`` what the form tells of its print (often
    less than all), ``blank`` how its blank looks (None: nobody measured it), ``ticks`` other
    boxes, ``fields`` other places to write in; ``is_ours`` when it is cut from one of our forms.
    """

    paper: NDArray[np.uint8]
    dpi: int
    boxes: tuple[BoxMm, ...]
    printed: tuple[BoxMm, ...]
    blank: Gray | None
    ticks: tuple[BoxMm, ...]
    fields: tuple[BoxMm, ...]
    is_ours: bool = False

    @property
    def box(self) -> BoxMm:
        """The whole box."""
        return bounding_box(self.boxes)


def draw(rng: random.Random, *, of_ours: float = OF_OURS) -> Scene:
    """A scene by chance; ``of_ours`` is how many are cut from our forms."""
    dpi = rng.choice((150, 200, 200, 200, 240, 300))
    return _ours(rng, dpi) if rng.random() < of_ours else _invented(rng, dpi)


@functools.lru_cache(maxsize=12)
def _form(kind: str, dpi: int) -> tuple[FormDefinition, NDArray[np.uint8]]:
    form = pack.load(pack.default_dir()).forms[kind]
    return form, np.pad(forms.blank(form, dpi), _margin(dpi), constant_values=255)


def _margin(dpi: int) -> int:
    return round(WIDE_MM * dpi / 25.4)


def _ours(rng: random.Random, dpi: int) -> Scene:
    form, padded = _form(rng.choice(_OURS), dpi)
    spec = rng.choice([spec for spec in form.fields if spec.kind is FieldKind.TICK])
    own = extraction_ticks.boxes_of(spec)
    box, px = bounding_box(own), dpi / 25.4
    left, top = box.left + box.width / 2 - WIDE_MM / 2, box.top + box.height / 2 - HIGH_MM / 2
    margin = _margin(dpi)
    y, x = round(top * px) + margin, round(left * px) + margin
    # Cut at whole pixels: what was cut off moves the boxes.
    left, top = (x - margin) / px, (y - margin) / px
    cut = padded[y : y + round(HIGH_MM * px), x : x + round(WIDE_MM * px)]
    paper = np.ascontiguousarray(cut)
    ticks: list[BoxMm] = []
    fields: list[BoxMm] = []
    for other in form.fields:
        boxes = other.cells_mm or extraction_ticks.boxes_of(other)
        if other.name == spec.name or not boxes:
            continue
        group = ticks if other.kind is FieldKind.TICK else fields
        group.append(_from(bounding_box(boxes), left, top))
    printed = tuple(_from(one, left, top) for one in spec.print_mm) if rng.random() < 0.9 else ()
    blank = _blank_of_ours(form.type, own)
    return Scene(
        _bolder_or_finer(paper, rng) if rng.random() < _OTHER_COPY else paper,
        dpi,
        tuple(_from(one, left, top) for one in own),
        printed,
        blank if rng.random() < _KNOWN_OF_OURS else None,
        tuple(one for one in ticks if _is_near(one)),
        tuple(one for one in fields if _is_near(one)),
        is_ours=True,
    )


@functools.cache
def _blank_of_ours(kind: str, boxes: tuple[BoxMm, ...]) -> Gray:
    """What our drawn form's own blank shows around a box."""
    form = pack.load(pack.default_dir()).forms[kind]
    sheet = forms.blank(form, _BLANK_DPI)
    px = _BLANK_DPI / 25.4
    where = Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]))
    return blank_sheets.shown(sheet, where, boxes)


def _from(box: BoxMm, left: float, top: float) -> BoxMm:
    return BoxMm(box.left - left, box.top - top, box.width, box.height)


def _is_near(box: BoxMm) -> bool:
    return -box.width < box.left < WIDE_MM and -box.height < box.top < HIGH_MM


def _bolder_or_finer(paper: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """The same print as another press left it; a third of all are as they were."""
    change = rng.choice((cv2.erode, cv2.dilate, None))
    if change is None:
        return paper
    return np.asarray(change(paper, np.ones((2, 2), np.uint8)), np.uint8)


def _invented(rng: random.Random, dpi: int) -> Scene:
    sheet = Sheet(WIDE_MM, HIGH_MM, dpi, rng.choice((255, 255, 255, 248, 240)))
    wide = rng.uniform(2.6, 5.4)
    high = wide if rng.random() < 0.4 else rng.uniform(2.6, 4.6)
    box = BoxMm(WIDE_MM / 2 - wide / 2, HIGH_MM / 2 - high / 2, wide, high)
    pitch = rng.uniform(max(5.0, high + 1.2), 9.0)
    is_tinted = rng.random() < 0.55
    tint = rng.randint(185, 232)
    ink = rng.randint(20, 120)
    ticks = [box]
    for row in (-1, 1):
        if rng.random() < 0.5:
            shift = 0.0 if rng.random() < 0.6 else rng.uniform(-14, 14)
            ticks.append(BoxMm(box.left + shift, box.top + row * pitch, wide, high))
    if rng.random() < 0.4:
        shift = rng.choice((-1, 1)) * rng.uniform(wide + 6, 18)
        ticks.append(BoxMm(box.left + shift, box.top, wide, high))
    if is_tinted:
        _tints(sheet, box, pitch, tint, rng)
    bars = _bars(sheet, box, pitch, rng)
    for one in ticks:
        _box(sheet, one, is_tinted, tint, ink, rng)
    words = _labels(sheet, ticks, ink, rng)
    fields = _fields(sheet, box, pitch, ticks, ink, rng)
    printed = [*bars, *words]
    if rng.random() < 0.35:  # a form that tells nothing of its print
        printed = []
    parts = _parted(sheet, box, rng) if rng.random() < 0.18 else (box,)
    told = tuple(_stirred(one, 0.25, rng) for one in parts)
    paper = sheet.pixels()
    blank = _blank(paper, dpi, told, rng) if rng.random() < _KNOWN else None
    return Scene(
        paper, dpi, told, tuple(_stirred(p, 0.2, rng) for p in printed), blank,
        tuple(ticks[1:]), tuple(fields),
    )  # fmt: skip


def _blank(
    paper: NDArray[np.uint8], dpi: int, boxes: tuple[BoxMm, ...], rng: random.Random
) -> Gray:
    """What somebody measured of a scene's blank; some of another copy of it, not quite the same."""
    px = dpi / 25.4
    matrix = np.array([[px, 0.0, 0.0], [0.0, px, 0.0]])
    seen = paper
    if rng.random() < _OTHER_COPY:
        size, bend = 1 + rng.gauss(0, 0.01), rng.gauss(0, 0.004)
        shift = np.array([rng.gauss(0, 0.15), rng.gauss(0, 0.15)])
        turn = np.array([[size, bend], [-bend, size]])
        middle = np.array([WIDE_MM / 2, HIGH_MM / 2])
        off = middle - turn @ middle + shift
        matrix = matrix @ np.vstack([np.column_stack([turn, off]), [0, 0, 1]])
        seen = _bolder_or_finer(paper, rng)
    return blank_sheets.shown(seen, Registration(matrix), boxes)


def _stirred(box: BoxMm, by: float, rng: random.Random) -> BoxMm:
    """A box as somebody measured it."""
    left, top = box.left + rng.uniform(-by, by), box.top + rng.uniform(-by, by)
    right = box.left + box.width + rng.uniform(-by, by)
    bottom = box.top + box.height + rng.uniform(-by, by)
    return BoxMm(left, top, max(0.6, right - left), max(0.6, bottom - top))


def _tints(sheet: Sheet, box: BoxMm, pitch: float, tint: int, rng: random.Random) -> None:
    spare = rng.uniform(0.3, 0.9)
    for row in range(-2, 3):
        if row == 0 or rng.random() < 0.7:
            left = 0.0 if rng.random() < 0.6 else box.left - rng.uniform(0.5, 8)
            top = box.top + row * pitch - spare
            sheet.band(BoxMm(left, top, WIDE_MM, box.height + 2 * spare), tint)
    if rng.random() < 0.15:
        sheet.band(BoxMm(0, 0, WIDE_MM, HIGH_MM), tint)


def _bars(sheet: Sheet, box: BoxMm, pitch: float, rng: random.Random) -> list[BoxMm]:
    """A dark bar above or below, or a rule."""
    made = []
    if rng.random() < 0.3:
        high = rng.uniform(3.0, 4.6)
        gap = rng.uniform(0.4, 2.5)
        above = rng.random() < 0.5
        top = box.top - gap - high if above else box.top + box.height + gap
        bar = BoxMm(0.0 if rng.random() < 0.7 else box.left - 2, top, WIDE_MM, high)
        sheet.band(bar, rng.randint(30, 130))
        face = rng.choice(drawing_paper.faces(held_out=False)["print"]).path
        sheet.text(bar.left + 3, top + high * 0.75, rng.choice(_WORDS).upper(), face, 2.2, 255)
        made.append(bar)
    if rng.random() < 0.2:
        y = box.top + rng.choice((-1, 1)) * pitch / 2 + box.height / 2
        sheet.rule(0, y, WIDE_MM, y, rng.randint(40, 180), rng.uniform(0.15, 0.5))
        made.append(BoxMm(0, y - 0.3, WIDE_MM, 0.6))
    return made


def _box(
    sheet: Sheet, box: BoxMm, is_tinted: bool, tint: int, ink: int, rng: random.Random
) -> None:
    if is_tinted:
        grown = BoxMm(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1)
        sheet.band(grown, tint)
        sheet.band(box, 255)
    if not is_tinted or rng.random() < 0.15:
        sheet.frame(box, min(190, ink + rng.randint(0, 60)), rng.uniform(0.12, 0.5))


def _labels(sheet: Sheet, ticks: list[BoxMm], ink: int, rng: random.Random) -> list[BoxMm]:
    """Words beside boxes, on either side; returns where they stand."""
    face = rng.choice(drawing_paper.faces(held_out=False)["print"]).path
    height = rng.choice((1.6, 1.9, 2.2, 2.5))
    gap = rng.uniform(0.5, 3.5)
    on_right, both = rng.random() < 0.6, rng.random() < 0.15
    made = []
    for box in ticks:
        base = box.top + box.height / 2 + height / 2 + rng.uniform(-0.4, 0.4)
        for right in (True, False):
            if right is not on_right and not both:
                continue
            text = rng.choice(_WORDS)
            wide = sheet.width_of(text, face, height)
            x = box.left + box.width + gap if right else box.left - gap - wide
            sheet.text(x, base, text, face, height, ink)
            made.append(BoxMm(x, base - height * 1.1, wide, height * 1.45))
    if rng.random() < 0.3:
        base = ticks[0].top - rng.uniform(0.8, 3)
        text = " ".join(rng.sample(_WORDS, 3))
        sheet.text(rng.uniform(-8, 4), base, text, face, height, ink)
        made.append(BoxMm(0, base - height * 1.1, WIDE_MM, height * 1.45))
    return made


def _fields(
    sheet: Sheet, box: BoxMm, pitch: float, ticks: list[BoxMm], ink: int, rng: random.Random
) -> list[BoxMm]:
    """A place to write in the row before or after, or at the row's end."""
    if rng.random() < 0.6:
        return []
    row = rng.choice((-1, 0, 0, 1))
    left = box.left + box.width + rng.uniform(3, 10) if row == 0 else rng.uniform(-5, 20)
    field = BoxMm(left, box.top + row * pitch, 25, box.height)
    if any(_overlap(field, one) for one in ticks):
        return []
    bottom = field.top + field.height
    sheet.rule(field.left, bottom, field.left + field.width, bottom, ink, 0.25)
    return [field]


def _overlap(a: BoxMm, b: BoxMm) -> bool:
    return (
        a.left < b.left + b.width and b.left < a.left + a.width
        and a.top < b.top + b.height and b.top < a.top + a.height
    )  # fmt: skip


def _parted(sheet: Sheet, box: BoxMm, rng: random.Random) -> tuple[BoxMm, ...]:
    """A number printed in the middle of the box; its sides stay free."""
    face = rng.choice(drawing_paper.faces(held_out=False)["print"]).path
    height = min(box.height * rng.uniform(0.45, 0.85), rng.uniform(1.4, 3.2))
    middle = box.left + box.width / 2
    base = box.top + box.height / 2 + height / 2
    sheet.text(middle, base, str(rng.randint(1, 9)), face, height, rng.randint(60, 170), "ms")
    half = max(0.6, box.width / 2 - 1.0)
    return (
        BoxMm(box.left, box.top, half, box.height),
        BoxMm(box.left + box.width - half, box.top, half, box.height),
    )
