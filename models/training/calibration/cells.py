"""Measure what combs read cell by cell may be accepted: ``... calibration.cells COUNT``.

Draws combs with real digits and fonts that nothing was taught on and the bench does not use,
fills them with numbers whose keys hold (one in twelve with a spoilt cell), reads them as the
station does, and prints for each kind how many are accepted (those with a spoilt cell apart) and
how many of them are wrong at each doubt allowed. ``--careful`` asks the careful reader too about
what the cells leave in doubt.
"""

import argparse
import collections
import datetime as dt
import random
import sys
from dataclasses import dataclass

import cv2
import numpy as np

from edge import config
from edge.extraction import comb_reading
from edge.extraction.acceptance import AcceptanceContext
from edge.inference.engine import load_engine
from edge.ocr.engine import Alphabet, OcrEngine
from models.training.cells import corpus
from models.training.cells.corpus import JUNK, LABELS, Content, draw_comb, spoilt
from models.training.cells.glyphs import Part, Source
from models.training.drawing import people
from vaguemestre.model import values
from vaguemestre.model.document import BoxMm, Check
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck

_SEED = 77
_SPOILT = 12  # one comb in so many has a cell that a person must read
_DOUBTS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001)
_TERMS = AcceptanceContext(dt.date(2026, 11, 10), 0.001)
_KINDS = {
    "nir": (FieldKind.NIR, NumberCheck.NONE),
    "date": (FieldKind.DATE, NumberCheck.NONE),
    "rpps": (FieldKind.DIGITS, NumberCheck.RPPS_OR_AM),
    "siret": (FieldKind.DIGITS, NumberCheck.STRUCTURE),
    "number": (FieldKind.DIGITS, NumberCheck.NONE),
    "amount": (FieldKind.AMOUNT, NumberCheck.NONE),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One comb: what it is, how sure its reading was, whether it is right, who settled it."""

    kind: str
    is_written: bool
    check: Check
    confidence: float
    is_right: bool
    is_spoilt: bool
    by_both: bool


def text_of(kind: str, rng: random.Random) -> str:
    """What such a comb holds."""
    match kind:
        case "nir":
            return people.person(rng).nir
        case "date":
            return f"{people.person(rng).born:%d%m%Y}"
        case "rpps":
            return people.with_luhn(rng, 11, "10")
        case "siret":
            return people.siret(rng)
        case "number":
            return "".join(rng.choice("0123456789") for _ in range(9))
        case _:
            return str(rng.randint(500, 199999))


def sample(kind: str, number: int, readers: OcrEngine, ask_careful: bool) -> Sample | None:
    """Draw and read one comb; None when the station would not read its cells."""
    rng = np.random.default_rng((_SEED, number, list(_KINDS).index(kind)))
    text = text_of(kind, random.Random(int(rng.integers(2**31))))
    made = corpus.comb(rng, len(text))
    source = Source(Part.CALIBRATE, bool(rng.random() < 0.6), rng)
    bad = int(rng.integers(len(text))) if rng.random() * _SPOILT < 1 else -1
    contents: list[Content] = []
    for place, char in enumerate(text):
        if place == bad:
            contents.append((*spoilt(source, rng), JUNK))
        else:
            contents.append((*source.glyph(char), LABELS.index(char)))
    drawn = draw_comb(made, source, contents, rng)
    if drawn.found is None:
        return None
    kind_of, check = _KINDS[kind]
    decimals = 2 if kind_of is FieldKind.AMOUNT else 0
    box = BoxMm(0, 0, 1, 1)
    spec = FieldSpec(kind, kind_of, check=check, box_mm=box, cells_mm=made.cells, decimals=decimals)
    told = comb_reading.read_by_cells(drawn.found, spec, readers, _TERMS)
    if told is None:
        return None
    by_both = False
    if ask_careful and not told.accepted:
        alphabet = Alphabet.NIR if kind_of is FieldKind.NIR else Alphabet.DIGITS
        (line,) = readers.read_lines([drawn.found.strip], alphabet)
        both = comb_reading.combine_with_line(told, line, drawn.found, spec, _TERMS)
        told, by_both = both or told, both is not None
    wanted = values.check_read(spec, text, _TERMS.today).value
    return Sample(
        kind,
        source.is_written,
        told.value.check,
        -1.0 if told.is_spoilt else told.confidence,
        told.value.value == wanted,
        bad >= 0,
        by_both,
    )


def table(samples: list[Sample], name: str) -> None:
    """Print one kind's accepted and wrong at each doubt."""
    whole = [one for one in samples if not one.is_spoilt]
    right = sum(one.is_right for one in whole)
    checks = collections.Counter(one.check.value for one in whole)
    print(f"{name}: {right}/{len(whole)} exact, {dict(checks)}")
    words = []
    for doubt in _DOUBTS:
        taken = [
            one
            for one in samples
            if one.check in (Check.OK, Check.NONE) and 1 - one.confidence <= doubt
        ]
        wrong = sum(not one.is_right for one in taken)
        words.append(f"{doubt:g}: {len(taken)} {sum(one.is_spoilt for one in taken)}s {wrong}w")
    print("   ", "; ".join(words))
    repaired = [one for one in samples if one.check is Check.REPAIRED]
    for doubt in (0.2, 0.05, 0.01, 0.001):
        taken = [one for one in repaired if 1 - one.confidence <= doubt]
        wrong = sum(not one.is_right for one in taken)
        print(f"    repaired {doubt:g}: {len(taken)} {wrong}w", end="")
    print()


def main() -> int:
    """Draw, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="combs of each kind")
    parser.add_argument("--careful", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    readers = load_engine(config.user_cache_dir())
    for kind in _KINDS:
        found = [sample(kind, i, readers, options.careful) for i in range(options.count)]
        samples = [one for one in found if one is not None]
        print(f"{kind}: {len(samples)} of {options.count} read by their cells")
        for is_written in (False, True):
            chosen = [one for one in samples if one.is_written == is_written]
            table(chosen, "  written" if is_written else "  typed")
            if options.careful:
                table([one for one in chosen if one.by_both], "    after both readers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
