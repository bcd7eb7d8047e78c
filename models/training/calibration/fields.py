"""Hold each field of the measured forms to the wanted error rate: ``... calibration.fields COUNT``.

Draws pages of every measured form, with typefaces and digits that nothing was taught on and the
bench does not use, half of them by hand in their combs and half black and white, reads them as the
station does, and counts each field's accepted values and the wrong ones among them. Where they are
too many it prints the ``accept_doubt`` that would have kept them back, for ``models/forms``; the
threshold of its kind (``edge/extraction/acceptance.py``) holds for all others.
"""

import argparse
import collections
import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge import config
from edge.imaging.source_file import PageImage
from edge.inference.engine import load_engine
from edge.ocr.engine import OcrEngine
from edge.pipeline import page as pipeline_page
from models.training.cells.glyphs import Part
from models.training.drawing import degrade, fill, forms, people
from models.training.drawing.fill import Handwriting, cabinet
from vaguemestre import pack
from vaguemestre.model.document import ImageRef, Layout
from vaguemestre.model.forms import FormDefinition

_DPI, _SEED = 200, 4_711
_TODAY = dt.date(2026, 11, 10)
_MARGIN = 0.9  # of the doubt of the surest wrong value
_ERROR_RATE = 0.001


@dataclass
class Count:
    """Of one field: values read, accepted, and how sure the wrong ones among those were."""

    written: int = 0
    accepted: int = 0
    wrong: list[float] = field(default_factory=list)

    def accept_doubt(self) -> float | None:
        """The doubt below which none of the accepted values was wrong; None: no need of one."""
        if len(self.wrong) <= _ERROR_RATE * self.accepted:
            return None
        return round(_MARGIN * min(self.wrong), 4)


def pages(form: FormDefinition, count: int) -> Iterator[tuple[PageImage, dict[str, str]]]:
    """Filled pages of a form, and what is written on each."""
    rng = random.Random(f"{_SEED} {form.type}")
    blank, faces = forms.blank(form, _DPI), cabinet(held_out=True)
    for number in range(count):
        face = faces.draw(rng, 0.5)
        written = fill.plausible_values(form, rng)
        spelt = {name: face.spelt(value) for name, value in written.items()}
        hand = Handwriting(Part.CALIBRATE, rng) if number % 2 else None
        page = fill.fill(blank, form, spelt, font=face.regular, rng=rng, across=False, hand=hand)
        page = degrade.scan(page, rng, most_skew=2.0)
        if number % 4 >= 2:
            page = degrade.bitonal(page)
        yield PageImage(page, _DPI, dpi_known=True), spelt


def count(form: FormDefinition, number: int, readers: OcrEngine) -> dict[str, Count]:
    """Read pages of a form and compare every field with its truth."""
    recipe = pipeline_page.ReadingContext(pack.load(pack.default_dir()).forms, _ERROR_RATE)
    counts: dict[str, Count] = collections.defaultdict(Count)
    for i, (image, written) in enumerate(pages(form, number)):
        page = pipeline_page.read_page(image, ImageRef(form.type, i, ""), recipe, readers, _TODAY)
        found = {one.name: one for one in page.fields}
        for spec in form.fields:
            truth = written.get(spec.name, "").replace("\n", " ")
            counts[spec.name].written += bool(truth)
            read = found.get(spec.name)
            if read is None or not read.accepted:
                continue
            counts[spec.name].accepted += 1
            if not people.is_right(spec, read.value, truth):
                counts[spec.name].wrong.append(1.0 - read.confidence)
                told = f"{read.value} ({read.confidence}), truth {truth}"
                print(f"{form.type} {spec.name}: {told}", flush=True)
    return counts


def main() -> None:
    """Print each measured form's counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="pages of each form")
    options = parser.parse_args()
    readers = load_engine(config.user_cache_dir())
    for form in pack.load(pack.default_dir()).forms.values():
        if form.layout is not Layout.VERIFIED:
            continue
        for name, one in count(form, options.count, readers).items():
            tighter = one.accept_doubt()
            advice = "" if tighter is None else f"; accept_doubt = {tighter}"
            counts = f"{one.written} written, {one.accepted} accepted, {len(one.wrong)} wrong"
            print(f"{form.type} {name}: {counts}{advice}")


if __name__ == "__main__":
    main()
