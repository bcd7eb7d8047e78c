"""What is blank, what is not, and how sharp a page is."""

import cv2
import numpy as np
import pytest

from edge.imaging import quality
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
