"""Fields of pages whose layout nobody measured: values beside their printed labels.

A label is a line, or the beginning of one; its value is the rest of that line, or the line to
its right, or the one below. Account and social security numbers carry their own proof, so they
are looked for on the whole page. Nothing read this way is ever accepted without a person.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from edge.ocr.lines import fold_text
from edge.results import TextLine
from vaguemestre.model import values
from vaguemestre.model.document import Check, Field
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, Side

_SIMILAR = 88.0
_REACH_RIGHT_MM = 90.0
_REACH_BELOW_MM = 9.0
_PATTERNS = {
    FieldKind.NIR: re.compile(
        r"[123478]\s?\d{2}\s?\d{2}\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}"
    ),
    FieldKind.IBAN: re.compile(r"FR\s?\d{2}(?:\s?[0-9A-Z]{4}){5}\s?[0-9A-Z]{3}"),
}
# "À Royan, le 3 mars 2026" has its label in the middle; "né le" is another date.
_DATED = re.compile(
    r"(?<!N[ÉE] )(?<!N[ÉE]E )(?<!\(E\) )\bLE "
    r"(\d{1,2}(?:ER)?[ /.\-]+(?:\d{1,2}|[A-ZÉÛ]+)[ /.\-]+\d{4})"
)


def read_labelled(
    lines: Sequence[TextLine], form: FormDefinition, dpi: float, today: dt.date
) -> tuple[Field, ...]:
    """Read every field that the form names.

    Args:
        lines: All lines of the upright page, in reading order.
        form: With labels.
        dpi: The page's resolution.
        today: No date lies after it.
    """
    # A label is no value, be it another field's.
    used = {
        index
        for index, line in enumerate(lines)
        if any(_after_label(spec, line.text) == "" for spec in form.fields)
    }
    return tuple(_field(spec, lines, dpi, today, used) for spec in form.fields)


def _field(
    spec: FieldSpec, lines: Sequence[TextLine], dpi: float, today: dt.date, used: set[int]
) -> Field:
    for text, line, index in _candidates(spec, lines, dpi):
        if index in used:
            continue
        found = values.check_read(spec, text, today)
        if found.value is not None:
            used.add(index)
            box = line.box.to_mm(dpi)
            return Field(
                spec.name, found.value, text, round(line.confidence, 4), False, found.check, 0, box
            )
    return Field(spec.name, None, "", 0.0, False, Check.NONE, 0, None)


def _candidates(
    spec: FieldSpec, lines: Sequence[TextLine], dpi: float
) -> Iterator[tuple[str, TextLine, int]]:
    for index, line in enumerate(lines):
        rest = _after_label(spec, line.text)
        if rest is None:
            continue
        if rest:
            yield rest, line, index
            continue
        yield from ((lines[i].text, lines[i], i) for i in _beside(spec, index, lines, dpi))
    for pattern in _patterns(spec):
        for index, line in enumerate(lines):
            if match := pattern.search(line.text.upper()):
                yield match[match.lastindex or 0], line, index


def _patterns(spec: FieldSpec) -> Iterator[re.Pattern[str]]:
    if pattern := _PATTERNS.get(spec.kind):
        yield pattern
    if spec.kind is FieldKind.DATE and "le" in spec.labels:
        yield _DATED


def _after_label(spec: FieldSpec, text: str) -> str | None:
    """What follows the label in this line; None when the line does not begin with it."""
    for label in spec.labels:
        wanted = fold_text(label)
        if fuzz.ratio(fold_text(text).rstrip(" :.*"), wanted) >= _SIMILAR:
            return ""
        head, rest = _parted(text, len(wanted.replace(" ", "")))
        ends = not rest or not rest[0].isalnum() or not head[-1:].isalnum()
        if ends and fuzz.ratio(fold_text(head), wanted) >= _SIMILAR:
            return rest.strip(" :.=-–")
    return None


def _parted(text: str, letters: int) -> tuple[str, str]:
    """Cut a line after so many characters, spaces not counted: readers lose and add them."""
    seen = 0
    for i, char in enumerate(text):
        if seen == letters:
            return text[:i], text[i:]
        seen += not char.isspace()
    return text, ""


def _beside(spec: FieldSpec, label: int, lines: Sequence[TextLine], dpi: float) -> Iterator[int]:
    """Lines to the right of a label, nearest first, then those below it."""
    left, top, width, height = lines[label].box
    mm = dpi / 25.4
    right, below = [], []
    for index, line in enumerate(lines):
        if index == label:
            continue
        x, y, w, h = line.box
        gap = x - (left + width)
        if 0 <= gap <= _REACH_RIGHT_MM * mm and abs(y + h / 2 - top - height / 2) < height * 0.7:
            right.append((gap, index))
        drop = y - (top + height)
        if -0.3 * height <= drop <= _REACH_BELOW_MM * mm and x < left + width and x + w > left:
            below.append((drop, index))
    if spec.side is not Side.BELOW:
        yield from (index for _, index in sorted(right)[:1])
    if spec.side is not Side.RIGHT:
        yield from (index for _, index in sorted(below)[:1])
