"""Zones of a form that nobody measured yet, from its ruled lines and the words beside them.

What comes out is a proposal for a person: where to write, named and typed after the nearest
printed words.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge.enrolment.structure import Comb, PrintedStructure
from edge.ocr.lines import fold_text
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck

_LINE_MM = 5.0  # writing above a rule
_NARROWEST_MM = 12.0
_LABEL_LEFT_MM, _LABEL_BELOW_MM, _LABEL_ABOVE_MM = 40.0, 4.5, 7.0
_TICK_LABEL_MM = 9.0
_MOST_FIELDS = 150
# Combs that stand in a row with small gaps and are one: a NIR and its key, day, month and year.
_ROWS = ((13, 2), (2, 2, 4), (2, 2, 2))
_ROW_GAP_MM = 18.0
_MOST_LINES_INSIDE = 1  # a frame with more print in it is a section, not a box to fill
_KINDS: tuple[tuple[str, FieldKind], ...] = (
    (r"signature|cachet", FieldKind.SIGNATURE),
    (r"\biban\b", FieldKind.IBAN),
    (r"\bdate\b|\bne\(?e?\)? le|\ble :?$|delivre\(?e?\)? le|^du\b|^au\b", FieldKind.DATE),
    (r"montant|\btotal\b|\bsomme\b|euros", FieldKind.AMOUNT),
    (r"adresse", FieldKind.ADDRESS),
    (r"\bnom\b|prenom|je soussigne", FieldKind.NAME),
)


_Gap = Callable[[BoxMm], float | None]


@dataclass(frozen=True, slots=True)
class PrintedWords:
    """Printed words of a form and where they stand."""

    text: str
    box: BoxMm


def propose_fields(rules: PrintedStructure, words: Sequence[PrintedWords]) -> tuple[FieldSpec, ...]:
    """Propose the fields of a form, in reading order.

    Args:
        rules: What was found on the blank.
        words: Its printed lines, boxes tight around their ink.
    """
    found: list[tuple[BoxMm, FieldSpec]] = []
    taken: list[BoxMm] = []
    for comb in _joined(rules.combs):
        around, cells = comb.around, comb.cells
        if _printed(around, words):
            continue
        taken.append(around)
        label = _label(around, words)
        kind, check = _comb_kind(label, len(cells))
        found.append(
            (around, FieldSpec(label, kind, check=check, cells_mm=cells, labels=_told(label)))
        )
    for box in rules.ticks:
        if not any(_share(box, other) > 0.3 for other in taken):
            taken.append(box)
            label = _tick_label(box, words)
            found.append((box, FieldSpec(label, FieldKind.TICK, box_mm=box, labels=_told(label))))
    for box in _writable(rules, words, taken):
        taken.append(box)
        label = _label(box, words)
        found.append((box, FieldSpec(label, _kind(label), box_mm=box, labels=_told(label))))
    found.sort(key=lambda item: (round((item[0].top + item[0].height) / 3), item[0].left))
    return _named([spec for _, spec in found[:_MOST_FIELDS]])


def _joined(combs: Sequence[Comb]) -> list[Comb]:
    """Combs with those made one that belong together."""
    left = list(combs)
    for lengths in _ROWS:
        start = 0
        while start + len(lengths) <= len(left):
            row = left[start : start + len(lengths)]
            if tuple(len(comb.cells) for comb in row) == lengths and _is_row(row):
                cells = tuple(cell for comb in row for cell in comb.cells)
                left[start : start + len(lengths)] = [
                    Comb(cells, all(comb.is_based for comb in row))
                ]
            start += 1
    return left


def _is_row(combs: Sequence[Comb]) -> bool:
    return all(
        _same_row(a.around, b.around)
        and 0 <= b.around.left - a.around.left - a.around.width <= _ROW_GAP_MM
        for a, b in itertools.pairwise(combs)
    )


def _writable(
    rules: PrintedStructure, words: Sequence[PrintedWords], taken: Sequence[BoxMm]
) -> list[BoxMm]:
    """Free places in frames and tints and above rules, no two on each other."""
    printed = [word.box for word in words]
    offered = []
    for frame in rules.frames:
        for box in _in_frame(frame, rules, words):
            offered += _freed(box, printed)[:1]
    for band in rules.bands:
        parts = _freed(band, (*printed, *taken))
        offered += [part for part in parts if not _is_after_comb(part, rules)]
    for line in rules.lines:
        if not _printed(line, words):
            above = BoxMm(line.left, line.top - _LINE_MM, line.width, _LINE_MM)
            offered += _freed(above, printed)[:1]
    made: list[BoxMm] = []
    for box in offered:
        if box.top >= 0 and not any(_share(box, other) > 0.25 for other in (*taken, *made)):
            made.append(box)
    return made


def _is_after_comb(part: BoxMm, rules: PrintedStructure) -> bool:
    """Whether it is what a tint has left behind a comb: nobody writes there."""
    ends = (comb.around for comb in rules.combs if _same_row(comb.around, part))
    return any(0 <= part.left - around.left - around.width < 2.0 for around in ends)


def _printed(box: BoxMm, words: Sequence[PrintedWords]) -> bool:
    """Whether it is part of printed words: rows of letters look like teeth and rules."""
    return sum(_share(box, word.box) for word in words) > 0.35


def _in_frame(
    frame: BoxMm, rules: PrintedStructure, words: Sequence[PrintedWords]
) -> Iterable[BoxMm]:
    """What a frame leaves free: all of it, or what is right of or below its one label."""
    inside = [word for word in words if _share(word.box, frame) > 0.6]
    marks = (*rules.ticks, *(comb.cells[0] for comb in rules.combs), *rules.lines)
    if len(inside) > _MOST_LINES_INSIDE or any(_share(box, frame) > 0.6 for box in marks):
        return
    if not inside:
        yield frame
        return
    end = inside[0].box.top + inside[0].box.height
    below = frame.top + frame.height - end
    yield BoxMm(frame.left, end, frame.width, below) if below >= 4.0 else frame


def _freed(box: BoxMm, occupied: Sequence[BoxMm]) -> list[BoxMm]:
    """The parts of a box in whose rows nothing stands, the widest first."""
    spans = []
    for other in occupied:
        down = min(other.top + other.height, box.top + box.height) - max(other.top, box.top)
        if down > 0.4 * min(other.height, box.height):
            spans.append((other.left - 0.8, other.left + other.width + 0.8))
    start, end, free = box.left, box.left + box.width, []
    for left, right in (*sorted(spans), (end, end)):
        width = min(left, end) - start
        if width >= _NARROWEST_MM:
            free.append(BoxMm(start, box.top, width, box.height))
        start = max(start, right)
    return sorted(free, key=lambda part: -part.width)


def _label(box: BoxMm, words: Sequence[PrintedWords]) -> str:
    """The words left of a place, else those under its foot, else those above it.

    What is taller than a line has its words above it.
    """
    if box.height > 2 * _LINE_MM:
        above = _nearest(words, lambda word: _gap_above(box, word), _LABEL_ABOVE_MM)
        if above:
            return above
    left = _nearest(words, lambda word: _gap_left(box, word), _LABEL_LEFT_MM)
    if left:
        return left
    below = _nearest(words, lambda word: _gap_below(box, word), _LABEL_BELOW_MM)
    return below or _nearest(words, lambda word: _gap_above(box, word), _LABEL_ABOVE_MM)


def _tick_label(box: BoxMm, words: Sequence[PrintedWords]) -> str:
    def gap(word: BoxMm) -> float | None:
        right = _gap_left(word, box) if _same_row(word, box) else None
        left = _gap_left(box, word)
        gaps = [value for value in (left, right) if value is not None]
        return min(gaps) if gaps else None

    return _nearest(words, gap, _TICK_LABEL_MM)


def _nearest(words: Sequence[PrintedWords], gap: _Gap, most: float) -> str:
    gaps = [(found, word.text) for word in words if (found := gap(word.box)) is not None]
    near = [item for item in gaps if -2.0 <= item[0] <= most]
    return min(near)[1] if near else ""


def _same_row(a: BoxMm, b: BoxMm) -> bool:
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    return down > 0.5 * min(a.height, b.height)


def _gap_left(box: BoxMm, word: BoxMm) -> float | None:
    if not _same_row(box, word) or word.left > box.left:
        return None
    return box.left - word.left - word.width


def _gap_below(box: BoxMm, word: BoxMm) -> float | None:
    return _stacked(box, word, word.top - box.top - box.height)


def _gap_above(box: BoxMm, word: BoxMm) -> float | None:
    return _stacked(box, word, box.top - word.top - word.height)


def _stacked(box: BoxMm, word: BoxMm, gap: float) -> float | None:
    middle = word.left + word.width / 2
    return gap if box.left - 3 <= middle <= box.left + box.width + 3 else None


def _share(inner: BoxMm, outer: BoxMm) -> float:
    """Of the first box, what lies in the second."""
    across = min(inner.left + inner.width, outer.left + outer.width) - max(inner.left, outer.left)
    down = min(inner.top + inner.height, outer.top + outer.height) - max(inner.top, outer.top)
    return max(0.0, across) * max(0.0, down) / max(1e-6, inner.width * inner.height)


def _told(label: str) -> tuple[str, ...]:
    text = fold_text(label).strip(" :._")
    return (text,) if text else ()


def _kind(label: str) -> FieldKind:
    text = fold_text(label)
    return next((kind for words, kind in _KINDS if re.search(words, text)), FieldKind.TEXT)


def _comb_kind(label: str, cells: int) -> tuple[FieldKind, NumberCheck]:
    """A comb's kind: by its words where they and its length agree, else by its length."""
    text = fold_text(label)
    if cells in (13, 15) and re.search(r"secu|immatricul|nir", text):
        return FieldKind.NIR, NumberCheck.NONE
    if cells == 14 and "siret" in text:
        return FieldKind.DIGITS, NumberCheck.SIRET
    kind = _kind(label)
    if cells == 8 and kind in (FieldKind.DATE, FieldKind.TEXT):
        return FieldKind.DATE, NumberCheck.NONE
    if kind is FieldKind.IBAN and cells == 27:
        return kind, NumberCheck.NONE
    return FieldKind.CODE, NumberCheck.NONE


def _named(specs: Sequence[FieldSpec]) -> tuple[FieldSpec, ...]:
    """Give each field a name of its own, from the words beside it."""
    named, used = [], set[str]()
    for number, spec in enumerate(specs, 1):
        words = re.findall(r"[a-z0-9]+", fold_text(spec.name))[:4]
        name = "_".join(words) or f"zone_{number}"
        name = name if not name[0].isdigit() else f"n_{name}"
        once, count = name, 2
        while name in used:
            name, count = f"{once}_{count}", count + 1
        used.add(name)
        named.append(
            FieldSpec(
                name, spec.kind, check=spec.check, box_mm=spec.box_mm, cells_mm=spec.cells_mm,
                labels=spec.labels,
            )
        )  # fmt: skip
    return tuple(named)
