"""Lines found without a network: on drawn pages, where each line's place is known."""

import functools
import tracemalloc

import cv2
import numpy as np
import pytest

from edge.ocr import line_finder, orientation
from edge.ocr.engine import Gray, Quad
from edge.ocr.lines import bounds, crop
from edge.results import BoxPx
from models.training.drawing.fill import typefaces
from models.training.drawing.paper import A4, Sheet
from tests.support import paper
from vaguemestre.model.document import BoxMm

DPI = 200
MM = DPI / 25.4
SANS = typefaces()["sans"]
TEXT = "Remboursement des soins du mois dernier à Orléans"


def column(sheet: Sheet, x: float, count: int, text: str = TEXT, pitch: float = 6.0) -> list[float]:
    """Write lines one below the other; their baselines in mm."""
    baselines = [30 + pitch * number for number in range(count)]
    for y in baselines:
        sheet.text(x, y, text, SANS, 2.5)
    return baselines


@functools.cache
def letter() -> Gray:
    sheet = Sheet(*A4, DPI)
    column(sheet, 25, 20)
    return sheet.pixels()


def found(page: Gray) -> list[BoxPx]:
    return [bounds(quad) for quad in line_finder.find_lines(page, DPI).quads]


def middles_mm(boxes: list[BoxPx]) -> list[float]:
    return [(box.top + box.height / 2) / MM for box in boxes]


def assert_twenty_lines(page: Gray, slack_mm: float = 1.5) -> None:
    boxes = found(page)
    assert len(boxes) == 20
    for number, middle in enumerate(middles_mm(boxes)):
        assert middle == pytest.approx(30 + 6 * number - 1.0, abs=slack_mm)


def test_each_line_of_a_letter_is_found_once_from_top_to_bottom() -> None:
    assert_twenty_lines(letter())
    assert line_finder.find_lines(letter(), DPI).is_sure


def test_a_line_s_quad_holds_its_accents_and_descenders_and_little_else() -> None:
    sheet = Sheet(*A4, DPI)
    sheet.text(25, 100, "ÉÈÊ gjpqy ÀÇ", SANS, 3.0)
    page = sheet.pixels()
    rows, columns = np.nonzero(page < 128)
    (box,) = found(page)
    assert box.left <= columns.min()
    assert box.left + box.width > columns.max()
    assert box.top <= rows.min()
    assert box.top + box.height > rows.max()
    assert box.height < 1.7 * (rows.max() - rows.min())


def test_two_columns_stay_apart() -> None:
    sheet = Sheet(*A4, DPI)
    column(sheet, 20, 10, "Nom et prénom du bénéficiaire")
    column(sheet, 110, 10, "Identification du médecin")
    boxes = found(sheet.pixels())
    assert len(boxes) == 20
    for left, right in zip(boxes[::2], boxes[1::2], strict=True):
        assert left.left + left.width < 108 * MM < right.left + 5 * MM
        assert abs(left.top - right.top) < 2 * MM


def test_the_cells_of_a_ruled_table_stay_apart() -> None:
    sheet = Sheet(*A4, DPI)
    for row in range(6):
        for number in range(4):
            box = BoxMm(20 + 30 * number, 40 + 8 * row, 30, 8)
            sheet.frame(box, 40, 0.4)
            sheet.text(22 + 30 * number, 45.5 + 8 * row, f"{row}{number}123456789", SANS, 2.6)
    boxes = found(sheet.pixels())
    assert len(boxes) == 24
    assert max(box.width for box in boxes) < 30 * MM


def test_a_label_and_the_value_beside_it_are_two_lines() -> None:
    sheet = Sheet(*A4, DPI)
    sheet.text(20, 60, "Date de naissance", SANS, 2.2)
    sheet.text(70, 60, "12/03/1954", SANS, 2.6)
    assert len(found(sheet.pixels())) == 2


def test_white_print_on_a_dark_bar_is_found() -> None:
    sheet = Sheet(*A4, DPI)
    sheet.band(BoxMm(15, 50, 180, 6), 90)
    sheet.text(60, 54.2, "CONDITIONS DE PRISE EN CHARGE", SANS, 2.6, 255)
    column(sheet, 25, 2)
    boxes = [box for box in found(sheet.pixels()) if box.top > 45 * MM]
    assert len(boxes) == 1
    assert boxes[0].left / MM == pytest.approx(59, abs=2)
    assert boxes[0].height < 8 * MM


def test_rules_and_frames_are_no_lines() -> None:
    sheet = Sheet(*A4, DPI)
    for row in range(12):
        sheet.rule(20, 40 + 10 * row, 190, 40 + 10 * row, 60, 0.5)
    sheet.frame(BoxMm(15, 20, 180, 250), 40, 0.6)
    assert found(sheet.pixels()) == []


def test_underlined_words_are_still_found() -> None:
    sheet = Sheet(*A4, DPI)
    for y in column(sheet, 25, 20):
        sheet.rule(25, y + 0.8, 110, y + 0.8, 60, 0.3)
    assert_twenty_lines(sheet.pixels())


@pytest.mark.parametrize("degrees", [-0.5, 0.3])
def test_a_little_skew_left_over_is_followed(degrees: float) -> None:
    page = paper.turned(letter(), degrees)
    quads = line_finder.find_lines(page, DPI).quads
    assert len(quads) == 20
    for quad in quads:
        (x0, y0), (x1, y1) = quad.corners[:2]
        assert (y0 - y1) / (x1 - x0) == pytest.approx(np.tan(np.radians(degrees)), abs=0.003)
        assert crop(page, quad).shape[0] < 8 * MM


def test_thresholded_and_pale_pages_show_the_same_lines() -> None:
    assert_twenty_lines(paper.bitonal(letter()))
    assert_twenty_lines((205 + letter().astype(np.float32) / 255 * 40).astype(np.uint8))


def test_a_back_that_shines_through_is_no_line() -> None:
    veil = cv2.GaussianBlur(paper.text(np.full_like(letter(), 255), 34, 0)[:, ::-1], (0, 0), 3.0)
    page = np.minimum(letter(), 255 - (255 - veil) // 8).astype(np.uint8)
    assert_twenty_lines(page)


def test_small_print_below_a_title_is_found_beside_it() -> None:
    sheet = Sheet(*A4, DPI)
    sheet.text(30, 30, "Déclaration de choix du médecin", SANS, 6.0)
    for number in range(4):
        sheet.text(20, 45 + 3.2 * number, f"{TEXT}, articles L. 162-5-3", SANS, 1.5)
    boxes = found(sheet.pixels())
    assert len(boxes) == 5
    assert boxes[0].height > 2 * boxes[1].height


@pytest.mark.parametrize("value", [0, 30, 255])
def test_an_even_page_has_no_line(value: int) -> None:
    nothing = line_finder.find_lines(np.full((2339, 1654), value, np.uint8), DPI)
    assert nothing.quads == ()
    assert not nothing.is_sure


def test_noise_makes_nothing_that_the_finder_is_sure_of() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1170, 827), np.uint8)
    assert not line_finder.find_lines(noise, 100).is_sure


def test_more_specks_than_16_bits_can_number_do_no_harm() -> None:
    specks = np.full((1400, 1000), 255, np.uint8)
    specks[::2, ::2] = 0
    line_finder.find_lines(specks, 100)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (7, 5), (60, 60)])
def test_slips_and_single_pixels_do_no_harm(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        assert line_finder.find_lines(np.full(shape, value, np.uint8), DPI).quads == ()


def test_a_page_of_ten_metres_is_read_to_its_end() -> None:
    strip = np.full((round(10_000 * MM), 600), 255, np.uint8)
    part = letter()[round(20 * MM) : round(150 * MM), 150:750]
    for top in (0, len(strip) - len(part)):
        strip[top : top + len(part)] = part
    boxes = found(strip)
    assert len(boxes) == 40
    assert boxes[-1].top > 9_800 * MM


def test_whether_a_page_lies_on_its_side_is_told_by_its_rows() -> None:
    sheet, words = Sheet(*A4, DPI), TEXT.split()
    for number in range(20):  # in other words each: one below the other they would be columns
        text = " ".join(words[(number * k) % len(words)] for k in (1, 3, 2, 5))
        sheet.text(25, 40 + 6 * number, text, SANS, 2.5)
    page = sheet.pixels()
    for turns, expected in ((0, False), (1, True), (2, False), (3, True)):
        turned = np.ascontiguousarray(np.rot90(page, turns))
        assert orientation.lies_on_its_side(turned, DPI) is expected
    askew = paper.turned(page, 4.0)
    assert orientation.lies_on_its_side(askew, DPI) is False


def test_an_empty_page_does_not_tell_how_it_lies() -> None:
    assert orientation.lies_on_its_side(np.full((2339, 1654), 255, np.uint8), DPI) is None


def test_quads_turned_over_are_those_of_the_page_turned_over() -> None:
    page = letter()
    over = orientation.turned_over(line_finder.find_lines(page, DPI).quads, page.shape)
    turned = np.ascontiguousarray(np.rot90(page, 2))
    for ours, theirs in zip(over, line_finder.find_lines(turned, DPI).quads, strict=True):
        assert_near(ours, theirs)


def assert_near(one: Quad, other: Quad) -> None:
    assert np.abs(np.array(one.corners) - np.array(other.corners)).max() < 8


@pytest.mark.parametrize(("share", "may_be_sure"), [(0.01, False), (0.03, False), (0.1, True)])
def test_a_page_of_dust_takes_no_gigabytes(share: float, may_be_sure: bool) -> None:
    dust = np.random.default_rng(5).random((2339, 1654)) < share
    page = cv2.GaussianBlur(np.where(dust, 0, 255).astype(np.uint8), (3, 3), 0)
    tracemalloc.start()

    found = line_finder.find_lines(np.asarray(page, np.uint8), 200)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert may_be_sure or not found.is_sure
    assert peak < 400_000_000
