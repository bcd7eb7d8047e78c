"""Of a sheet that did not lie flat, or of an edition that nobody measured, nothing is accepted."""

import datetime as dt
import random
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.imaging.source_file import PageImage
from edge.inference.engine import StationEngine
from edge.ocr.engine import Gray
from edge.pipeline import page as pipeline_page
from edge.results import PageReading
from models.training.drawing import degrade, distort, fill
from models.training.drawing import forms as drawn_forms
from vaguemestre import pack
from vaguemestre.model.document import BoxMm, Check, ImageRef, Layout
from vaguemestre.model.forms import FieldSpec, FormDefinition

DPI = 200
PACK = pack.load(pack.default_dir())
RECIPE = pipeline_page.ReadingContext(PACK.forms, accept_error_rate=0.001)
TODAY = dt.date(2026, 11, 10)
S3110 = PACK.forms["S3110"]


def filled(form: FormDefinition, seed: int) -> Gray:
    rng = random.Random(seed)
    values = fill.plausible_values(form, rng)
    face = fill.typefaces()["typewriter"]
    return fill.fill(drawn_forms.blank(form, DPI), form, values, font=face, rng=rng)


def read(page: Gray, readers: StationEngine, seed: int = 1) -> PageReading:
    scan = degrade.scan(page, random.Random(seed), most_skew=0.8)
    image = PageImage(np.ascontiguousarray(scan), DPI, dpi_known=True)
    return pipeline_page.read_page(image, ImageRef("1.tif", 0, ""), RECIPE, readers, TODAY)


def assert_for_a_person(page: PageReading) -> None:
    """Nothing is accepted, and nothing is taken for not written."""
    assert not any(field.accepted for field in page.fields)
    assert all(field.value is not None or field.check is Check.FAILED for field in page.fields)


@pytest.mark.parametrize("kind", distort.DISTORTIONS)
@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_sheet_that_did_not_lie_flat_nothing_is_accepted(
    kind: str, seed: int, readers: StationEngine
) -> None:
    page = distort.DISTORTIONS[kind](filled(S3110, seed), DPI, 5.0, random.Random(seed))

    found = read(page, readers)

    if found.guesses[0].type == "S3110":
        assert {"distorted", "unregistered"} & set(found.marks)
        assert_for_a_person(found)


@pytest.mark.parametrize("name", ["S3110", "S3704"])
def test_a_flat_sheet_is_read_as_ever(name: str, readers: StationEngine) -> None:
    found = read(filled(PACK.forms[name], 3), readers)

    assert found.marks == ()
    assert found.layout is Layout.VERIFIED
    assert sum(field.accepted for field in found.fields) > 10


@pytest.mark.parametrize("turned_deg", [1.7, -1.7])
def test_a_flat_sheet_whose_skew_was_not_seen_is_straightened_by_its_form(
    turned_deg: float, readers: StationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = filled(S3110, 3)
    matrix = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), turned_deg, 1.0)
    page = np.asarray(cv2.warpAffine(page, matrix, page.shape[::-1], borderValue=255), np.uint8)
    monkeypatch.setattr("edge.imaging.cleaning.estimate_skew", lambda _: 0.0)

    image = PageImage(page, DPI, dpi_known=True)
    found = pipeline_page.read_page(image, ImageRef("1.tif", 0, ""), RECIPE, readers, TODAY)

    assert found.marks == ()
    assert found.skew_deg == pytest.approx(turned_deg, abs=0.15)
    assert sum(field.accepted for field in found.fields) > 10


@pytest.mark.parametrize("seed", [1, 2])
def test_of_zones_around_print_that_glued_paper_hides_nothing_is_accepted(
    seed: int, readers: StationEngine
) -> None:
    page, rng = filled(S3110, seed).copy(), random.Random(seed)
    anchor = rng.choice([a for a in S3110.fronts_with_boxes if a.box_mm and a.box_mm.top > 60])
    assert anchor.box_mm is not None
    left, top = anchor.box_mm.left - 4, anchor.box_mm.top - 6
    paper = BoxMm(left, top, anchor.box_mm.width + 8, 16.0)
    x, y, width, height = (round(side / 25.4 * DPI) for side in paper)
    page[y : y + height, x : x + width] = 250

    found = read(page, readers)

    hidden = [spec.name for spec in S3110.fields if _overlap(spec, paper)]
    assert any(field.accepted for field in found.fields)
    assert not any(field.accepted for field in found.fields if field.name in hidden)


def _overlap(spec: FieldSpec, paper: BoxMm) -> bool:
    boxes = [spec.box_mm] if spec.box_mm is not None else list(spec.cells_mm)
    return any(
        box.left < paper.left + paper.width
        and paper.left < box.left + box.width
        and box.top < paper.top + paper.height
        and paper.top < box.top + box.height
        for box in boxes
    )


@pytest.mark.parametrize(("size", "is_over"), [(0.93, False), (0.93, True), (1.0, True)])
def test_a_smaller_copy_or_one_upside_down_is_registered_with_its_size(
    size: float, is_over: bool, readers: StationEngine
) -> None:
    copy = cv2.resize(filled(S3110, 6), None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    sheet = np.full((2339, 1654), 255, np.uint8)
    sheet[: copy.shape[0], : copy.shape[1]] = copy
    if is_over:
        sheet = np.ascontiguousarray(np.rot90(sheet, 2))

    found = read(sheet, readers)

    written = fill.plausible_values(S3110, random.Random(6)).items()
    truth = {name: value.replace("\n", " ") for name, value in written}
    accepted = [field for field in found.fields if field.accepted and field.value != "false"]
    assert found.marks == ()
    assert found.rotation == (180 if is_over else 0)
    assert len(accepted) > 10
    assert [f.name for f in accepted if truth.get(f.name, "") != f.value] == []


def another_edition(number: str, *, moved_mm: float) -> FormDefinition:
    """The same form with another number; what stands below its middle lies lower or higher."""
    anchors = tuple(
        replace(
            anchor,
            text=anchor.text.replace("12541*02", number),
            box_mm=anchor.box_mm._replace(top=anchor.box_mm.top + moved_mm)
            if anchor.box_mm and anchor.box_mm.top > 130
            else anchor.box_mm,
        )
        for anchor in S3110.anchors
    )
    fields = tuple(
        replace(
            spec,
            box_mm=spec.box_mm and spec.box_mm._replace(
                top=spec.box_mm.top + (moved_mm if spec.box_mm.top > 130 else 0.0)
            ),
            cells_mm=tuple(
                cell._replace(top=cell.top + (moved_mm if cell.top > 130 else 0.0))
                for cell in spec.cells_mm
            ),
        )
        for spec in S3110.fields
    )  # fmt: skip
    return replace(S3110, anchors=anchors, fields=fields)


@pytest.mark.parametrize("moved_mm", [0.0, 4.0])
def test_an_edition_that_nobody_measured_is_unverified(
    moved_mm: float, readers: StationEngine
) -> None:
    found = read(filled(another_edition("12541*03", moved_mm=moved_mm), 4), readers)

    assert found.guesses[0].type == "S3110"
    assert found.layout is Layout.UNVERIFIED
    assert not any(field.accepted for field in found.fields)


def test_an_edition_that_cannot_be_read_is_told_by_where_its_print_stands(
    readers: StationEngine,
) -> None:
    unread = another_edition("", moved_mm=4.0)
    unread = replace(unread, anchors=tuple(a for a in unread.anchors if a.text != "N° "))

    found = read(filled(unread, 5), readers)

    assert found.guesses[0].type == "S3110"
    assert "distorted" in found.marks or found.layout is Layout.UNVERIFIED
    assert_for_a_person(found)
