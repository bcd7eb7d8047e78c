"""Forms whose sheet slipped, was stretched, curled or photographed askew, and was read.

The real blanks where there are samples, else drawn ones, typed full, distorted by up to 6 mm
(``models.training.drawing.distort``) and scanned a little askew. What counts is not what is read,
but what goes on without a person: a wrong value that was accepted, and a value that stands on the
sheet and is delivered as if nothing stood there.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.imaging.source_file import PageImage
from edge.ocr.engine import OcrEngine
from models.training.drawing import degrade, distort, fill
from models.training.drawing import forms as drawn_forms
from tests.bench import forms
from tests.bench.forms import DPI, Filled, Outcome, Verdict
from tests.bench.proportion import Proportion
from vaguemestre import pack
from vaguemestre.model.document import Check
from vaguemestre.model.forms import FieldKind

FLAT = "flat"
KINDS = (FLAT, *distort.DISTORTIONS)
_FORMS = pack.load(pack.default_dir()).forms
MOST_MM = 6.0
_TURNED = 0.25  # of the pages stand on their head


@dataclass(frozen=True, slots=True)
class Distorted:
    """What came out of the pages of one kind.

    ``accepted`` is of the filled fields, ``wrong`` of all that were accepted, ``lost`` of the
    filled ones; ``seconds`` of this process went into reading.
    """

    accepted: Proportion
    wrong: Proportion
    lost: Proportion
    seconds: float


def pages(kind: str, count: int, seed: int, samples: Path | None) -> Iterator[tuple[Filled, float]]:
    """Draw pages of one kind, the two forms in turn, and by how much each was moved, in mm."""
    rng = random.Random(f"{seed} {kind}")
    blanks = {
        name: drawn_forms.blank(_FORMS[name], DPI)
        if samples is None
        else forms.blank(samples, _FORMS[name])
        for name in forms.BLANKS
    }
    faces = fill.typefaces()
    for number in range(count):
        name = list(forms.BLANKS)[number % len(blanks)]
        form, face = _FORMS[name], rng.choice(list(faces))
        values = fill.plausible_values(form, rng)
        page = fill.fill(blanks[name], form, values, font=faces[face], rng=rng)
        by = rng.uniform(0, MOST_MM)
        if kind != FLAT:
            page = distort.DISTORTIONS[kind](page, DPI, by, rng)
        page = degrade.scan(page, rng)
        is_turned = rng.random() < _TURNED
        image = PageImage(page[::-1, ::-1].copy() if is_turned else page, DPI, dpi_known=True)
        yield Filled(form, values, face, image, is_turned), by if kind != FLAT else 0.0


def measure(
    kind: str, count: int, readers: OcrEngine, seed: int, samples: Path | None = None
) -> Distorted:
    """Read pages of one kind."""
    drawn = [page for page, _ in pages(kind, count, seed, samples)]
    started = time.process_time()
    outcome = forms.measure(iter(drawn), readers)
    return judged(outcome, time.process_time() - started)


def judged(outcome: Outcome, seconds: float) -> Distorted:
    """Sort what was read into accepted, wrong and lost."""
    filled = [v for v in outcome.verdicts if v.truth]
    accepted = sum(v.field.accepted for v in outcome.verdicts)
    return Distorted(
        outcome.accepted(),
        Proportion(len(outcome.accepted_wrong()), accepted),
        Proportion(sum(is_lost(v) for v in filled), len(filled)),
        seconds,
    )


def is_lost(verdict: Verdict) -> bool:
    """Whether something is written that goes on as not written, and nobody is asked."""
    field, spec = verdict.field, _FORMS[verdict.form].field(verdict.field.name)
    is_seen = field.value is not None or bool(field.raw) or field.check is Check.FAILED
    is_asked = spec.required or spec.kind is FieldKind.TICK
    return bool(verdict.truth) and not is_seen and not is_asked and not field.accepted
