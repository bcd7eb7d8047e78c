"""Tick boxes on whole forms: marked as people do, scanned as offices do, read as any page.

Marks are drawn by a pen, and pages are soiled by faults, that the tick network never learned from
(``models.training.ticks.pages``). A box counts as accepted wrong when its value was accepted and is
not what may be said of its mark; of a struck out one nothing may be. A mark of which the scan shows
nothing is counted by itself: no reader can see it. With the real samples every second page is on a
real blank. The forms' blanks are measured first, as a fund does once (``enrol --blanks``), or not.
"""

import collections
import dataclasses
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from rich.table import Table

from edge.classification.registration import Registration
from edge.enrolment import blanks
from edge.extraction.zones import read_fields
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits, PageImage
from edge.ocr.engine import Gray, OcrEngine
from edge.pipeline import page as pipeline_page
from models.training.drawing import forms as drawn_forms
from models.training.ticks import pages as ticks_pages
from models.training.ticks.ink import Mark
from tests.bench.forms import TODAY
from tests.bench.proportion import Proportion
from vaguemestre import pack
from vaguemestre.model.document import ImageRef
from vaguemestre.model.forms import FieldKind, FormDefinition

_FORMS = ("S3110", "S3110", "S3501")
_BLANK_DPI = 200
_DPIS = ((150, 200, 300), (20, 60, 20))
_REAL = {"S3110": ("cerfa_12541*.png", 0), "S3501": ("cerfa_11626*.pdf", 2)}


@dataclass(slots=True)
class Count:
    """What became of boxes: ``seen`` are those of which the scan shows something."""

    seen: int = 0
    right: int = 0
    wrong: int = 0
    lost: int = 0
    lost_accepted: int = 0

    @property
    def accepted(self) -> int:
        """Right and wrong."""
        return self.right + self.wrong


@dataclass(slots=True)
class Found:
    """Counts by mark, pen and way of scanning; ``errors`` say which boxes were accepted wrong."""

    pages: int = 0
    unread: int = 0  # pages whose form was not recognised or not registered
    by: dict[tuple[str, str], Count] = field(default_factory=lambda: collections.defaultdict(Count))
    errors: list[str] = field(default_factory=list)

    def add(self, page: ticks_pages.TickedPage, box: ticks_pages.Box, value: str | None) -> bool:
        """Count one box; ``value`` is what was accepted of it. Returns whether it was wrong."""
        is_right = value in ticks_pages.MAY_SAY[box.mark]
        is_marked = "marked" if box.mark is not Mark.EMPTY else "not marked"
        pen = page.pen if box.mark is not Mark.EMPTY else "none"
        keys = ("all", "all"), ("all", is_marked), ("mark", box.mark.value)
        for key in (*keys, ("pen", pen), ("way", page.way)):
            count = self.by[key]
            if box.is_lost:
                count.lost += 1
                count.lost_accepted += value is not None and not is_right
                continue
            count.seen += 1
            count.right += value is not None and is_right
            count.wrong += value is not None and not is_right
        return value is not None and not is_right and not box.is_lost


def measure(
    readers: OcrEngine, pages: int, seed: int, samples: Path | None, *, is_measured: bool = True
) -> Found:
    """Draw and read so many pages; ``is_measured``: with the forms' blanks."""
    shipped = pack.load(pack.default_dir()).forms
    whole = with_blanks(shipped, samples) if is_measured else shipped
    recipe = pipeline_page.ReadingContext(whole, accept_error_rate=0.001)
    found = Found()
    for number, form, page in drawn(whole, pages, seed, samples):
        image = PageImage(page.image, page.dpi, dpi_known=True)
        reading = pipeline_page.read_page(
            image, ImageRef("page", number, ""), recipe, readers, TODAY
        )
        fields = {one.name: one for one in reading.fields}
        found.pages += 1
        is_read = any(one.box_mm is not None for one in reading.fields)
        found.unread += not is_read or reading.guesses[0].type != form.type
        for box in page.boxes:
            one = fields.get(box.name)
            value = one.value if one is not None and one.accepted else None
            if found.add(page, box, value):
                found.errors.append(
                    f"page {number}: {form.type} {box.name}, {box.mark.value} in {page.pen}, "
                    f"{page.way}, {page.dpi} dpi: {value}"
                )
    return found


def drawn(
    whole: Mapping[str, FormDefinition], pages: int, seed: int, samples: Path | None
) -> Iterator[tuple[int, FormDefinition, ticks_pages.TickedPage]]:
    """The pages, with their number and form; the same seed draws the same."""
    rng = random.Random(seed)
    sheets: dict[tuple[str, int, bool], Gray] = {}
    for number in range(pages):
        form = whole[_FORMS[number % len(_FORMS)]]
        dpi = rng.choices(*_DPIS)[0]
        is_real = samples is not None and number % 2 == 1
        key = (form.type, dpi, is_real)
        if key not in sheets:
            sheets[key] = (
                real_blank(samples, form, dpi)
                if is_real and samples is not None
                else drawn_forms.blank(form, dpi)
            )
        yield number, form, ticks_pages.draw(form, sheets[key], dpi, rng.getrandbits(32))


def with_blanks(
    whole: Mapping[str, FormDefinition], samples: Path | None
) -> dict[str, FormDefinition]:
    """The forms as a fund has them that scanned its blank sheets: our drawn ones and the real."""
    made = dict(whole)
    for kind in set(_FORMS):
        form = whole[kind]
        sheets = [drawn_forms.blank(form, _BLANK_DPI)]
        if samples is not None:
            sheets.append(real_blank(samples, form, _BLANK_DPI))
        laid = [(sheet, _whole_page(sheet, form)) for sheet in sheets]
        made[kind] = blanks.with_blanks(form, blanks.measured(form, laid))
    return made


def _whole_page(page: Gray, form: FormDefinition) -> Registration:
    scale = page.shape[1] / form.width_mm
    return Registration(np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]]))


def real_blank(samples: Path, form: FormDefinition, dpi: int) -> Gray:
    """A real blank at a resolution."""
    name, number = _REAL[form.type]
    (path,) = (samples / "forms").glob(name)
    with open_source(path.read_bytes(), Limits()) as source:
        page = source.page(number).gray
    size = tuple(round(mm / 25.4 * dpi) for mm in (form.width_mm, form.height_mm))
    method = cv2.INTER_AREA if size[0] < page.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(page, size, interpolation=method), np.uint8)


def milliseconds(readers: OcrEngine, times: int = 20) -> float:
    """Processor time that all ticks of an S3110 take."""
    form = with_blanks(pack.load(pack.default_dir()).forms, None)["S3110"]
    ticks = tuple(spec for spec in form.fields if spec.kind is FieldKind.TICK)
    only = dataclasses.replace(form, fields=ticks)
    page = drawn_forms.blank(form, _BLANK_DPI)
    where = _whole_page(page, form)
    read_fields(page, 200, only, where, readers, TODAY)
    began = time.process_time()
    for _ in range(times):
        read_fields(page, 200, only, where, readers, TODAY)
    return 1000 * (time.process_time() - began) / times


def table(found: Found, spent_ms: float, seed: int) -> Table:
    """All counts, with bounds."""
    title = f"Ticks of {found.pages} forms, seed {seed}, {found.unread} not recognised"
    made = Table("", "boxes", "accepted", "accepted and wrong", "lost by the scan", title=title)
    order = ("all", "mark", "pen", "way")
    for (group, name), count in sorted(found.by.items(), key=lambda item: order.index(item[0][0])):
        lost = f"{count.lost}, accepted {count.lost_accepted}" if count.lost else ""
        made.add_row(
            name if group == "all" else f"  {group}: {name}",
            str(count.seen),
            str(Proportion(count.accepted, count.seen)),
            str(Proportion(count.wrong, count.accepted)),
            lost,
        )
    made.caption = f"{spent_ms:.1f} ms a page of 18 boxes"
    return made
