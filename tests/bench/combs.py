"""The combs of the real blanks alone: filled by program, scanned badly, read where they lie.

Finding and placing a form costs ten times what its combs do and is measured with whole pages
(``forms``). Here the place is known, so that many more combs can be read in the same time: the
figures are those of cutting, reading, keys and acceptance.
"""

import dataclasses
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.extraction.zones import read_fields
from edge.ocr.engine import Gray, OcrEngine
from models.training.cells.glyphs import Part
from models.training.drawing import degrade, fill
from models.training.drawing.fill import Handwriting
from tests.bench import forms
from tests.bench.forms import Outcome, Verdict
from tests.bench.proportion import Proportion
from vaguemestre import pack
from vaguemestre.model.forms import FieldKind, FormDefinition

_MOST_SKEW = 2.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A filled form, its combs only, and where they lie on the scan."""

    form: FormDefinition
    values: dict[str, str]
    typeface: str
    gray: Gray
    where: Registration


def combs_of(form: FormDefinition) -> FormDefinition:
    """The form with nothing but its combs of digits."""
    kept = [spec for spec in form.fields if spec.cells_mm and spec.kind is not FieldKind.CODE]
    return dataclasses.replace(form, fields=tuple(kept))


def drawn(
    samples: Path, count: int, seed: int, *, handwritten: bool = False, bitonal: bool = False
) -> Iterator[Placed]:
    """Draw ``count`` forms, the two real blanks in turn; the same seed draws the same."""
    rng = random.Random(seed)
    whole = pack.load(pack.default_dir()).forms
    parts = {kind: combs_of(whole[kind]) for kind in forms.BLANKS}
    blanks = {kind: forms.blank(samples, whole[kind]) for kind in forms.BLANKS}
    faces = list(fill.typefaces().items())
    for number in range(count):
        kind = list(forms.BLANKS)[number % len(forms.BLANKS)]
        face, font = faces[number // len(forms.BLANKS) % len(faces)]
        values = fill.plausible_values(whole[kind], rng)
        hand = Handwriting(Part.MEASURE, rng) if handwritten else None
        page = fill.fill(blanks[kind], whole[kind], values, font=font, rng=rng, hand=hand)
        state = rng.getstate()
        turn = degrade.placed(page, rng, most_skew=_MOST_SKEW)
        rng.setstate(state)
        page = degrade.scan(page, rng, most_skew=_MOST_SKEW)
        if bitonal:
            page = degrade.bitonal(page)
        where = _where(turn, page.shape[1] / whole[kind].width_mm)
        yield Placed(parts[kind], values, face, page, where)


def _where(turn: NDArray[np.float64], px_per_mm: float) -> Registration:
    scale = np.diag([px_per_mm, px_per_mm, 1.0])
    return Registration(turn @ scale)


def measure(pages: Iterator[Placed], readers: OcrEngine) -> tuple[Outcome, float]:
    """Read all combs; the outcome, and the processor's seconds a page spent on reading."""
    verdicts: list[Verdict] = []
    spent, count = 0.0, 0
    for number, page in enumerate(pages):
        began = time.process_time()
        fields = read_fields(page.gray, forms.DPI, page.form, page.where, readers, forms.TODAY)
        spent += time.process_time() - began
        count += 1
        for field in fields:
            truth = page.values.get(field.name, "")
            is_right = (field.value or "") == truth
            verdicts.append(Verdict(number, page.form.type, page.typeface, field, truth, is_right))
    return Outcome(Proportion(count, count), tuple(verdicts)), spent / max(1, count)
