"""Forms that nothing was taught on, learned from one and from five samples, and known again.

Samples are filled copies as an office scanner gives them; the pages to know again are filled
otherwise and have every fault of ``models.training.drawing.degrade``. All the learned forms lie in
one pack with ours, as they would at a site. What counts is what the station says of a page: its
type.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from edge.classification.printed_text import classify
from edge.enrolment.learn import learn_form
from edge.imaging.source_file import PageImage
from edge.ocr.engine import OcrEngine
from edge.pipeline.page import FormSample, ReadingContext, read_page, read_sample
from models.training.drawing import degrade, synthesise
from tests.bench.forms import TODAY
from tests.bench.proportion import Proportion
from vaguemestre import pack
from vaguemestre.model.document import ImageRef
from vaguemestre.model.forms import FormDefinition

_DPI = 200
_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of all pages: how many have their type first, and how many so surely that nobody is asked."""

    samples: int
    learned: Proportion
    right: Proportion
    sure: Proportion


def measure(readers: OcrEngine, count: int, each: int, seed: int) -> list[Outcome]:
    """Learn ``count`` forms, and read ``each`` pages of every one of them."""
    names = [f"{synthesise.INVENTED}{number}" for number in synthesise.UNTAUGHT[:count]]
    samples = {name: [_sample(name, seed + i, readers) for i in range(_SAMPLES)] for name in names}
    # Each page has faults of its own: one bad draw must not stand for a page of every form.
    pages = [
        (name, _page(name, 1_000 * seed + each * number + i))
        for number, name in enumerate(names)
        for i in range(each)
    ]
    recognition = pack.load(pack.default_dir())
    recipe = ReadingContext(recognition.forms, accept_error_rate=0.001)
    read = [
        (name, read_page(page, ImageRef(name, i, ""), recipe, readers, TODAY))
        for i, (name, page) in enumerate(pages)
    ]
    found = []
    for number in (1, _SAMPLES):
        forms = _learned(samples, number)
        guesses = [
            (name, classify(page.lines, {**recognition.forms, **forms}).guesses[0])
            for name, page in read
        ]
        right = [guess for name, guess in guesses if guess.type == name]
        sure = sum(guess.confidence >= recognition.plan.type_confidence for guess in right)
        found.append(
            Outcome(
                number,
                Proportion(len(forms), count),
                Proportion(len(right), len(read)),
                Proportion(sure, len(read)),
            )
        )
    return found


def _learned(samples: Mapping[str, list[FormSample]], number: int) -> dict[str, FormDefinition]:
    learned = {name: learn_form(name, some[:number]).form for name, some in samples.items()}
    return {name: form for name, form in learned.items() if form is not None}


def _sample(name: str, seed: int, readers: OcrEngine) -> FormSample:
    drawn, _ = synthesise.draw(name, seed, _DPI, held_out=True)
    scanned = degrade.scan(drawn, random.Random(seed))
    sample = read_sample(PageImage(scanned, _DPI, dpi_known=True), readers)
    if sample is None:
        raise ValueError(f"{name} {seed} reads as blank")
    return sample


def _page(name: str, seed: int) -> PageImage:
    drawn, truth = synthesise.draw(name, seed, _DPI, held_out=True)
    page, _ = synthesise.degraded(drawn, truth, seed, _DPI)
    return PageImage(page, _DPI, dpi_known=True)
