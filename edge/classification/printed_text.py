"""The type of a page, from what is printed on it.

The cerfa number and the S-number are the strongest evidence, then the title, then the other
anchors. A title stands by itself, in one line or broken in two: the last line of a paragraph may be
as short and say the same. The set of types is open: a page without evidence for any of ours is
``unknown``, one with another organisation's number or name is ``misdirected``.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from edge.ocr.lines import fold_printed, fold_text
from edge.results import BoxPx, TextLine, TypeGuess
from vaguemestre.model.document import Layout
from vaguemestre.model.forms import Anchor, FormDefinition

_ENDS_SENTENCE = re.compile(r"^\W*[a-zà-ÿ].*[.,;]\s*$")
_CAPITAL = re.compile(r"^\W*[A-ZÀ-Ý]")
_ALIKE, _LEADING = 0.75, 1.5  # height of a paragraph's lines, and their distance
_BESIDE = 4  # lines that may stand between the two halves of a title, to its side


@dataclass(frozen=True, slots=True)
class PrintedText:
    """What stands on a page, in plain letters.

    ``apart`` are the lines that end no sentence; ``headings`` those, and what is broken into two
    lines; ``begins`` those that go on no other line.
    """

    lines: tuple[str, ...]
    apart: tuple[str, ...]
    headings: tuple[str, ...]
    begins: tuple[str, ...]


def sort_printed_text(lines: Sequence[TextLine]) -> PrintedText:
    """Sort the lines of an upright page."""
    apart = [line for line in lines if not _ENDS_SENTENCE.search(line.text)]
    begins = [
        bool(_CAPITAL.match(line.text))
        or not any(_continues_paragraph(line.box, one.box) for one in lines)
        for line in apart
    ]
    broken = [
        (i, f"{line.text} {other.text}")
        for i, line in enumerate(apart)
        for other in apart[i + 1 : i + 1 + _BESIDE]
        if _is_right_below(other.box, line.box)
    ]
    single = [(i, line.text) for i, line in enumerate(apart)]
    headings = [(i, fold_text(text)) for i, text in (*single, *broken)]
    return PrintedText(
        tuple(fold_text(line.text) for line in lines),
        tuple(text for _, text in headings[: len(apart)]),
        tuple(text for _, text in headings),
        tuple(text for i, text in headings if begins[i]),
    )


def _continues_paragraph(box: BoxPx, above: BoxPx) -> bool:
    """Whether a line may be the next of a paragraph: close, as high, as far left, no longer."""
    return (
        0 < box.top - above.top <= _LEADING * above.height
        and abs(box.left - above.left) <= box.height
        and box.width <= above.width
        and _ALIKE * above.height <= box.height <= above.height / _ALIKE
    )


def _is_right_below(box: BoxPx, above: BoxPx) -> bool:
    gap = box.top - above.top - above.height
    overlap = min(box.left + box.width, above.left + above.width) - max(box.left, above.left)
    return abs(gap) <= max(box.height, above.height) and overlap > 0


UNKNOWN = "unknown"
MISDIRECTED = "misdirected"

_CERFA = re.compile(r"(\d{5})\s?[*x×°\"'.]\s?(\d{2})\b")
_S_NUMBER = re.compile(r"\bS\s?(\d{4})\s?[a-z]?\b")
_CERFA_WORTH, _S_NUMBER_WORTH, _TITLE_WORTH, _ANCHORS_WORTH = 4.0, 3.0, 3.0, 6.0
_FOREIGN_WORTH = 5.0
_ALONE = 0.5  # what a single telling phrase counts for a type without a form
_TELLING = 1.0  # weight from which a phrase tells something
_HEADING = 3.0  # weight from which a phrase is a heading, which stands by itself
_WITHIN = 2.0  # times its length: a longer line is a sentence that holds it
_SIMILAR = 88.0
_SHORT = 11  # shorter anchors must stand as words, to the letter
_LEAST = 3.0  # weaker evidence is none
_UNKNOWN_CONFIDENCE = 0.6
_SCALE = 1.8  # of evidence against confidence: a title alone is 0.81, with its number 0.98


@dataclass(frozen=True, slots=True)
class Classification:
    """Candidates, best first, never empty; ``layout`` is the best one's."""

    guesses: tuple[TypeGuess, ...]
    layout: Layout | None
    is_back: bool


@dataclass(frozen=True, slots=True)
class _Score:
    front: float
    back: float


def printed_numbers(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """The cerfa numbers (``12541*02``) and S-numbers (``S3110``) that stand in printed lines."""
    raw = "\n".join(texts)
    cerfa = {f"{number}*{version}" for number, version in _CERFA.findall(raw)}
    return cerfa, {f"S{digits}" for digits in _S_NUMBER.findall(raw)}


def classify(lines: Sequence[TextLine], forms: Mapping[str, FormDefinition]) -> Classification:
    """Weigh the printed evidence for each type.

    Args:
        lines: All lines of the upright page.
        forms: By type; ``misdirected`` may be among them, with the names of other organisations.
    """
    said = sort_printed_text(lines)
    cerfa, s_numbers = printed_numbers(line.text for line in lines)
    scores = {form.type: _score(form, said, cerfa, s_numbers) for form in forms.values()}
    known = {number[:5] for form in forms.values() for number in form.cerfa}
    foreign = {number for number in cerfa if not _is_nearly_one_of(number[:5], known)}
    evidence = {name: max(score.front, score.back) for name, score in scores.items()}
    if foreign and not any(number[:5] in known for number in cerfa):
        evidence = {name: worth * 0.5 for name, worth in evidence.items()}
        evidence[MISDIRECTED] = evidence.get(MISDIRECTED, 0.0) + _FOREIGN_WORTH
    ranked = sorted(evidence.items(), key=lambda item: (-item[1], item[0]))
    ranked = [(name, worth) for name, worth in ranked if worth >= _LEAST]
    if not ranked:
        return Classification((TypeGuess(UNKNOWN, _UNKNOWN_CONFIDENCE),), None, False)
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    guesses = tuple(
        TypeGuess(name, _confidence(worth, second if i == 0 else ranked[0][1]))
        for i, (name, worth) in enumerate(ranked[:3])
    )
    best = forms.get(guesses[0].type)
    score = scores.get(guesses[0].type, _Score(1.0, 0.0))
    layout = _layout(best, cerfa) if best else None
    return Classification(guesses, layout, score.back > score.front)


def _layout(form: FormDefinition, cerfa: Collection[str]) -> Layout | None:
    """The form's layout; unverified when the page is an edition of it that nobody measured.

    Where no edition can be read, ``flatness`` says whether the print stands as it was measured.
    """
    measured = {number for number in form.cerfa if "*" in number}
    read = {number for number in cerfa if number[:5] in {ours[:5] for ours in measured}}
    is_another = bool(read) and not read & measured
    return Layout.UNVERIFIED if form.layout is Layout.VERIFIED and is_another else form.layout


def _is_nearly_one_of(number: str, known: Collection[str]) -> bool:
    """One of ours, maybe with a digit misread: that alone must not send mail away."""
    return any(sum(a != b for a, b in zip(number, ours, strict=True)) <= 1 for ours in known)


def _score(form: FormDefinition, said: PrintedText, cerfa: set[str], s_numbers: set[str]) -> _Score:
    if any(_is_printed(fold_printed(text), said.lines) for text in form.excludes):
        return _Score(0.0, 0.0)
    numbers = 0.0
    if any(number[:5] in {known[:5] for known in form.cerfa} for number in cerfa):
        numbers += _CERFA_WORTH
    if s_numbers & set(form.s_numbers):
        numbers += _S_NUMBER_WORTH
    title = fold_printed(form.title)
    fronts = [a for a in form.anchors if not a.back]
    front = numbers
    if _is_heading(title, said.begins if form.layout is None else said.headings):
        front += _TITLE_WORTH
        if form.layout is None:  # the same words are no second witness
            fronts = [a for a in fronts if fold_printed(a.text) != title]
    front += _anchors_worth(form, fronts, said)
    back = _anchors_worth(form, [a for a in form.anchors if a.back], said)
    return _Score(front, back + numbers if back else 0.0)


def _anchors_worth(form: FormDefinition, anchors: Sequence[Anchor], said: PrintedText) -> float:
    """Of a form's anchors the share that is printed counts: all of them stand on its blank.

    Those of a type without a form are alternatives, any few of which tell it; a single one that is
    no heading may stand in any text.
    """
    is_form = form.layout is not None
    found = [
        a
        for a in anchors
        if _is_printed(
            fold_printed(a.text),
            said.apart if not is_form and a.weight >= _HEADING else said.lines,
            set_apart=is_form or a.weight >= _HEADING,
        )
    ]
    worth = sum(anchor.weight for anchor in found)
    if form.layout is None:
        is_enough = sum(a.weight >= _TELLING for a in found) >= 2 or any(
            a.weight >= _HEADING and _is_heading(fold_printed(a.text), said.begins) for a in found
        )
        return min(worth * (1.0 if is_enough else _ALONE), _ANCHORS_WORTH)
    total = sum(anchor.weight for anchor in anchors)
    return worth * min(1.0, _ANCHORS_WORTH / total) if total else 0.0


def _is_heading(wanted: str, texts: Sequence[str]) -> bool:
    """Whether it stands by itself, and nothing with it; a short one to the letter."""
    if len(wanted) < _SHORT:
        return wanted in texts
    found = process.extractOne(wanted, texts, scorer=fuzz.ratio, score_cutoff=_SIMILAR)
    return found is not None


def _is_printed(wanted: str, texts: Sequence[str], *, set_apart: bool = False) -> bool:
    """Whether words stand on a page; ``set_apart`` when a sentence that holds them does not count.

    A letter that speaks of a "certificat médical" is none.
    """
    most = _WITHIN * len(wanted) if set_apart else math.inf
    if len(wanted) < _SHORT:
        word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
        return any(word.search(text) for text in texts if len(text) <= most + _SHORT)
    long_enough = [text for text in texts if 0.8 * len(wanted) <= len(text) <= most]
    found = process.extractOne(
        wanted, long_enough, scorer=fuzz.partial_ratio, score_cutoff=_SIMILAR
    )
    return found is not None


def _confidence(worth: float, other: float) -> float:
    """Grows with the evidence, falls as the runner-up comes near."""
    alone = 1.0 - math.exp(-worth / _SCALE)
    return round(alone * min(1.0, worth / (worth + other) * 1.6), 4)
