"""What is blank, what is not, and how sharp a page is."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.imaging import cleaning, quality
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.support import paper
from tests.support.paper import DPI, Gray

EMPTY = {
    "white": np.full((2339, 1654), 255, np.uint8),
    "paper": paper.sheet(),
    "grey recycled paper": paper.sheet(tone=190, noise=8),
    "dust": paper.dust(paper.sheet()),
    "two holes": paper.holes(paper.sheet()),
    "four holes": paper.holes(paper.sheet(), 4),
    "bleed-through": paper.bleed_through(paper.sheet()),
    "fold": paper.fold(paper.sheet()),
    "all at once": paper.holes(paper.dust(paper.bleed_through(paper.sheet()))),
    "bitonal dust": paper.bitonal(paper.dust(paper.sheet())),
}
PLACES = {"top": (40, 30), "middle": (60, 150), "foot": (90, 280), "low left": (15, 250)}


@pytest.mark.parametrize("kind", EMPTY)
def test_paper_dust_holes_and_shadows_are_blank(kind: str) -> None:
    assert quality.is_blank(EMPTY[kind], DPI)


@pytest.mark.parametrize("kind", EMPTY)
@pytest.mark.parametrize("place", PLACES)
def test_three_handwritten_words_are_not_blank_wherever_they_stand(kind: str, place: str) -> None:
    page = paper.handwritten(EMPTY[kind], "merci de rappeler", PLACES[place])
    assert not quality.is_blank(page, DPI)


@pytest.mark.parametrize("ink", [70, 120, 150])
def test_a_pale_pen_still_writes(ink: int) -> None:
    page = paper.handwritten(paper.sheet(), "vu le docteur", (60, 120), ink)
    assert not quality.is_blank(page, DPI)


def test_a_soft_pencil_writes_too() -> None:
    page = paper.handwritten(paper.sheet(), "merci de rappeler", (60, 120), ink=185)
    assert not quality.is_blank(page, DPI)


def test_codes_that_a_printer_left_in_the_corners_are_not_content() -> None:
    page = paper.sheet()
    for x, y in ((30, 60), (30, 2290), (1560, 60), (1560, 2290)):
        cv2.putText(page, "0004", (x, y), cv2.FONT_HERSHEY_DUPLEX, 0.6, 40, 1, cv2.LINE_AA)
    assert quality.is_blank(page, DPI)
    cv2.putText(page, "0004", (800, 110), cv2.FONT_HERSHEY_DUPLEX, 1.5, 40, 3, cv2.LINE_AA)
    assert not quality.is_blank(page, DPI)


def test_one_line_of_print_is_not_blank() -> None:
    assert not quality.is_blank(paper.text(paper.sheet(), lines=1, size=0.8), DPI)


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_resolution_does_not_matter(dpi: int) -> None:
    def at(page: Gray) -> Gray:
        scale = dpi / DPI
        return np.asarray(cv2.resize(page, None, fx=scale, fy=scale), np.uint8)

    assert quality.is_blank(at(EMPTY["all at once"]), dpi)
    written = paper.handwritten(EMPTY["paper"], "merci de rappeler", (60, 150))
    assert not quality.is_blank(at(written), dpi)


def test_a_black_page_is_not_blank_for_who_knows_what_it_hides() -> None:
    black = np.zeros((2339, 1654), np.uint8)
    assert not quality.is_blank(black, DPI)
    assert quality.blur(black, DPI) == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (40, 40)])
def test_slips_of_next_to_no_pixels_are_looked_at(shape: tuple[int, int]) -> None:
    assert quality.is_blank(np.full(shape, 255, np.uint8), DPI)
    assert quality.blur(np.full(shape, 255, np.uint8), DPI) == 0.0


def test_blur_grows_with_the_blur() -> None:
    sharp = paper.text(paper.sheet())
    scores = [
        quality.blur(np.asarray(cv2.GaussianBlur(sharp, (0, 0), sigma), np.uint8), DPI)
        for sigma in (0.5, 2.0, 4.0, 8.0)
    ]
    assert scores == sorted(scores)
    assert scores[0] < 0.3
    assert scores[-1] > 0.8


def test_print_is_sharp_in_black_and_white_and_pale_print_too() -> None:
    assert quality.blur(paper.bitonal(paper.text(paper.sheet())), DPI) < 0.2
    assert quality.blur(paper.text(paper.sheet(), ink=150), DPI) < 0.4


WORDS = ("remboursement des soins", "du mois dernier", "merci de rappeler le docteur")


def faintly(layer: Gray, depth: float, noise: float, soft_mm: float, seed: int = 0) -> Gray:
    """What a layer shows (0 ink, 255 none), so many grey levels below its own noisy paper."""
    blurred = cv2.GaussianBlur(layer, (0, 0), soft_mm * DPI / 25.4).astype(np.float32)
    ink = (255 - blurred) / np.percentile(255 - blurred[layer < 128], 70)
    return np.asarray(np.clip(paper.sheet(seed, noise=noise) - depth * ink, 0, 255), np.uint8)


def carbon(lines: int, size: float, thick: int) -> Gray:
    layer = np.full((2339, 1654), 255, np.uint8)
    for number in range(lines):
        place = (200, 500 + 90 * number)
        face = cv2.FONT_HERSHEY_DUPLEX if thick < 3 else cv2.FONT_HERSHEY_SCRIPT_SIMPLEX
        words = "  ".join(WORDS[(number + k) % 3] for k in range(2))
        cv2.putText(layer, words, place, face, size, 0, thick, cv2.LINE_AA)
    return layer


@pytest.mark.parametrize(("depth", "noise"), [(8, 1.0), (10, 3.0), (14, 5.0), (20, 5.0)])
@pytest.mark.parametrize("soft_mm", [0.05, 0.15])
@pytest.mark.parametrize(("lines", "size", "thick"), [(12, 0.9, 2), (2, 0.7, 1), (2, 1.3, 3)])
def test_carbon_copies_and_faint_print_are_written(
    depth: float, noise: float, soft_mm: float, lines: int, size: float, thick: int
) -> None:
    page = faintly(carbon(lines, size, thick), depth, noise, soft_mm)
    assert quality.content(page, DPI) is quality.Content.FAINT
    assert quality.content(np.ascontiguousarray(np.rot90(page)), DPI) is quality.Content.FAINT


@pytest.mark.parametrize("dpi", [100, 150, 240, 300])
def test_faint_print_is_written_at_any_resolution(dpi: int) -> None:
    page = faintly(carbon(2, 0.8, 1), 14, 2.5, 0.15)
    scaled = cv2.resize(page, None, fx=dpi / DPI, fy=dpi / DPI, interpolation=cv2.INTER_AREA)
    assert quality.content(np.asarray(scaled, np.uint8), dpi) is quality.Content.FAINT


@pytest.mark.parametrize("depth", [5, 10, 16])
@pytest.mark.parametrize("noise", [1.0, 5.0])
@pytest.mark.parametrize("soft_mm", [0.36, 0.5])
def test_what_shines_through_is_as_pale_and_stays_blank(
    depth: float, noise: float, soft_mm: float
) -> None:
    layer = np.ascontiguousarray(carbon(12, 0.9, 2)[:, ::-1])
    assert quality.is_blank(faintly(layer, depth, noise, soft_mm), DPI)


def test_creases_and_streaks_of_the_scanner_are_no_words() -> None:
    page = paper.sheet().astype(np.int16)
    page[:, 700:702] -= 18
    page[:, 1100] -= 30
    page[800:803] -= 16
    assert quality.is_blank(np.clip(page, 0, 255).astype(np.uint8), DPI)


def test_what_is_dark_enough_is_not_called_faint() -> None:
    assert quality.content(paper.text(paper.sheet()), DPI) is quality.Content.WRITTEN


@pytest.mark.samples
@pytest.mark.parametrize("name", ["13-carbon-form.jpg", "13-carbon-letter.jpg"])
def test_carbon_copies_of_the_mail_are_written(samples: Path, name: str) -> None:
    with open_source((samples / "cases" / name).read_bytes(), Limits()) as source:
        page = source.page(0)
    assert quality.content(page.gray, page.dpi) is quality.Content.FAINT


@pytest.mark.samples
def test_a_scanned_blank_sheet_with_folds_stays_blank(samples: Path) -> None:
    with open_source((samples / "scans" / "naps2_blank1.jpg").read_bytes(), Limits()) as source:
        page = source.page(0)
    assert quality.is_blank(cleaning.whiten_border(page.gray)[0], page.dpi)
