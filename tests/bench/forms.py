"""The real blanks of S3110 and S3704, filled by program, scanned badly, and read back.

Every page is typed in one of eight typefaces, turned by up to 2°, blurred and dusted by
``models.training.drawing.degrade``, and every fourth stands on its head. Unfilled fields count too:
a value read where nothing stands is as wrong as a misread one.
"""

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits, PageImage
from edge.ocr.engine import Gray, OcrEngine
from edge.pipeline import page as pipeline_page
from edge.results import PageReading
from models.training.cells.glyphs import Part
from models.training.drawing import degrade, fill
from models.training.drawing import people as training_values
from models.training.drawing.fill import Handwriting
from tests.bench.proportion import Proportion
from vaguemestre import pack
from vaguemestre.model.document import Field, ImageRef
from vaguemestre.model.forms import FormDefinition

DPI = 200
TODAY = dt.date(2026, 11, 10)
BLANKS = {"S3110": "cerfa_12541*.png", "S3704": "cerfa_12485*.png"}


@dataclass(frozen=True, slots=True)
class Filled:
    """A page and what was written on it."""

    form: FormDefinition
    values: Mapping[str, str]
    typeface: str
    image: PageImage
    is_turned: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field beside its truth; an empty truth means that nothing was written."""

    page: int
    form: str
    typeface: str
    field: Field
    truth: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of all pages."""

    types: Proportion
    verdicts: tuple[Verdict, ...]

    def of_kind(self, *names: str) -> Proportion:
        """How many of the filled fields of these names are exact, whether accepted or not."""
        filled = [v for v in self.verdicts if v.truth and (not names or v.field.name in names)]
        return Proportion(sum(v.is_right for v in filled), len(filled))

    def accepted_wrong(self) -> tuple[Verdict, ...]:
        """The worst: delivered without a person, and wrong."""
        return tuple(v for v in self.verdicts if v.field.accepted and not v.is_right)

    def accepted(self) -> Proportion:
        """How many of the filled fields need no person."""
        filled = [v for v in self.verdicts if v.truth]
        return Proportion(sum(v.field.accepted for v in filled), len(filled))


def blank(samples: Path, form: FormDefinition) -> Gray:
    """The real blank of a form at ``DPI``."""
    (path,) = (samples / "forms").glob(BLANKS[form.type])
    page = open_source(path.read_bytes(), Limits()).page(0).gray
    size = tuple(round(mm / 25.4 * DPI) for mm in (form.width_mm, form.height_mm))
    shrinks = size[0] < page.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(page, size, interpolation=method), np.uint8)


def filled(
    samples: Path,
    count: int,
    seed: int,
    *,
    across: bool = False,
    bitonal: bool = False,
    handwritten: bool = False,
) -> Iterator[Filled]:
    """Draw ``count`` pages, the two forms in turn.

    Args:
        samples: The folder of the real samples.
        count: How many.
        seed: The same seed draws the same pages.
        across: Combs are typed over, not cell by cell.
        bitonal: The scanner thresholds: tints turn into frames and dust.
        handwritten: Combs are written in real digits that nothing was taught on.
    """
    rng = random.Random(seed)
    forms = pack.load(pack.default_dir()).forms
    blanks = {kind: blank(samples, forms[kind]) for kind in BLANKS}
    faces = fill.typefaces()
    for number in range(count):
        kind = list(BLANKS)[number % len(BLANKS)]
        face = list(faces)[number // len(BLANKS) % len(faces)]
        values = fill.plausible_values(forms[kind], rng)
        hand = Handwriting(Part.MEASURE, rng) if handwritten else None
        page = fill.fill(
            blanks[kind], forms[kind], values, font=faces[face], rng=rng, across=across, hand=hand
        )
        page = degrade.scan(page, rng, most_skew=2.0)
        is_turned = rng.random() < 0.25
        if is_turned:
            page = np.ascontiguousarray(np.rot90(page, 2))
        if bitonal:
            page = degrade.bitonal(page)
        yield Filled(forms[kind], values, face, PageImage(page, DPI, dpi_known=True), is_turned)


def measure(pages: Iterator[Filled], readers: OcrEngine) -> Outcome:
    """Read all pages and compare every field with its truth."""
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    verdicts: list[Verdict] = []
    right = total = 0
    for number, page in enumerate(pages):
        ref = ImageRef("page", number, "")
        reading = pipeline_page.read_page(page.image, ref, recipe, readers, TODAY)
        total += 1
        right += reading.guesses[0].type == page.form.type
        verdicts += _compare(number, page, reading)
    return Outcome(Proportion(right, total), tuple(verdicts))


def _compare(number: int, page: Filled, reading: PageReading) -> Sequence[Verdict]:
    fields = {field.name: field for field in reading.fields}
    found = []
    for spec in page.form.fields:
        field = fields.get(spec.name)
        if field is None:
            continue
        truth = page.values.get(spec.name, "").replace("\n", " ")
        is_right = training_values.is_right(spec, field.value, truth)
        found.append(Verdict(number, page.form.type, page.typeface, field, truth, is_right))
    return found
