"""Borders, skew, quarter turns: what is taken away, and that nothing else is."""

import cv2
import numpy as np
import pytest

from edge.imaging import cleaning
from tests.support import paper
from tests.support.paper import Gray

SHEET = paper.text(paper.sheet())


def with_border(
    page: Gray, *, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0
) -> Gray:
    made = page.copy()
    height, width = made.shape
    made[:, :left] = made[:, width - right :] = 12
    made[:top] = made[height - bottom :] = 12
    return made


@pytest.mark.parametrize(
    "sides", [{"left": 30}, {"right": 60}, {"top": 25}, {"bottom": 80}, {"left": 40, "bottom": 50}]
)
def test_a_black_border_is_painted_white_and_the_page_keeps_its_frame(
    sides: dict[str, int],
) -> None:
    dirty = with_border(SHEET, **sides)
    clean, found = cleaning.whiten_border(dirty)
    assert found
    assert clean.shape == SHEET.shape
    for side, width in sides.items():
        strip = {
            "left": clean[:, : width - 5],
            "right": clean[:, -width + 5 :],
            "top": clean[: width - 5],
            "bottom": clean[-width + 5 :],
        }[side]
        assert (strip > 230).mean() > 0.99
    inner = (slice(150, -150), slice(150, -150))
    assert np.array_equal(clean[inner], SHEET[inner])


def test_the_wedges_of_a_sheet_fed_askew_go_too() -> None:
    askew = paper.turned(SHEET, 2.0, outside=10)
    clean, found = cleaning.whiten_border(askew)
    assert found
    assert (clean[:, :8] < 60).mean() < 0.01
    assert (clean[-8:] < 60).mean() < 0.01


def test_a_page_without_border_is_the_same_page() -> None:
    clean, found = cleaning.whiten_border(SHEET)
    assert not found
    assert clean is SHEET


def test_a_frame_printed_around_the_page_stays() -> None:
    framed = SHEET.copy()
    cv2.rectangle(framed, (60, 60), (SHEET.shape[1] - 60, SHEET.shape[0] - 60), 20, 8)
    clean, _ = cleaning.whiten_border(framed)
    assert np.array_equal(clean, framed)


def test_text_that_runs_into_the_edge_stays() -> None:
    page = SHEET.copy()
    cv2.putText(page, "CPAM", (-20, 1200), cv2.FONT_HERSHEY_DUPLEX, 3, 20, 6, cv2.LINE_AA)
    clean, _ = cleaning.whiten_border(page)
    assert np.array_equal(clean, page)


def test_a_black_page_is_not_all_border() -> None:
    black = np.full(SHEET.shape, 5, np.uint8)
    clean, found = cleaning.whiten_border(black)
    assert not found
    assert np.array_equal(clean, black)


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 3)])
def test_a_page_of_next_to_no_pixels_is_taken_as_it_is(shape: tuple[int, int]) -> None:
    tiny = np.zeros(shape, np.uint8)
    assert cleaning.whiten_border(tiny)[0].shape == shape
    assert cleaning.estimate_skew(tiny) == 0
    assert cleaning.straighten(tiny, 1.0).shape == shape


@pytest.mark.parametrize("degrees", [-16.0, -5.0, -2.0, -1.0, -0.3, 0.3, 1.0, 2.0, 5.0, 16.0])
@pytest.mark.parametrize("is_bitonal", [False, True])
def test_skew_is_found_within_a_tenth_of_a_degree(degrees: float, is_bitonal: bool) -> None:
    page = paper.turned(SHEET, degrees)
    page = paper.bitonal(page) if is_bitonal else page
    assert cleaning.estimate_skew(page) == pytest.approx(degrees, abs=0.1)


def test_an_upside_down_page_has_the_same_skew() -> None:
    page = cleaning.quarter_turn(paper.turned(SHEET, 1.5), 180)
    assert cleaning.estimate_skew(page) == pytest.approx(1.5, abs=0.1)


def test_a_straight_page_is_left_alone() -> None:
    assert cleaning.estimate_skew(SHEET) == 0
    assert cleaning.straighten(SHEET, 0.0) is SHEET


def test_an_empty_page_has_no_skew() -> None:
    for page in (paper.sheet(), paper.holes(paper.dust(paper.sheet()))):
        assert cleaning.estimate_skew(page) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_few_scribbles_do_not_turn_a_page_far(seed: int) -> None:
    rng = np.random.default_rng(seed)
    page = paper.holes(paper.sheet(seed))
    for word in ("merci", "vu le docteur", "Dupont"):
        page = paper.handwritten(page, word, (rng.uniform(20, 120), rng.uniform(30, 270)))
    assert abs(cleaning.estimate_skew(page)) <= 5


@pytest.mark.parametrize("degrees", [-2.0, 2.0])
def test_straightening_puts_lines_back_where_they_were(degrees: float) -> None:
    page = paper.turned(SHEET, degrees)
    straight = cleaning.straighten(page, cleaning.estimate_skew(page))
    middle = (slice(250, -250), slice(250, -250))
    before = np.abs(page[middle].astype(int) - SHEET[middle]).mean()
    after = np.abs(straight[middle].astype(int) - SHEET[middle]).mean()
    assert after < before / 4
    assert straight.shape == page.shape


def test_quarter_turns_go_clockwise_and_lose_nothing() -> None:
    page = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert cleaning.quarter_turn(page, 0).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert cleaning.quarter_turn(page, 90).tolist() == [[3, 0], [4, 1], [5, 2]]
    assert cleaning.quarter_turn(page, 180).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert cleaning.quarter_turn(page, 270).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert all(
        cleaning.quarter_turn(page, degrees).flags.c_contiguous for degrees in (0, 90, 180, 270)
    )


def peppered(page: Gray, share: float) -> Gray:
    dots = np.random.default_rng(5).random(page.shape) < share
    return np.where(dots, 0, page).astype(np.uint8)


def test_pepper_is_taken_away_and_letters_stay() -> None:
    page = paper.bitonal(SHEET)
    clean, found = cleaning.remove_specks(peppered(page, 0.06), 200)
    assert found
    written = page < 128
    assert float((clean < 128)[~written].mean()) < 0.002
    assert float((clean < 128)[written].mean()) > 0.9


def test_clean_pages_grey_pages_and_a_few_specks_are_left_alone() -> None:
    page = paper.bitonal(SHEET)
    for same in (page, peppered(page, 0.003), SHEET, np.zeros((1, 1), np.uint8)):
        clean, found = cleaning.remove_specks(same, 200)
        assert not found
        assert clean is same
    grain = np.random.default_rng(6).normal(150, 40, SHEET.shape).clip(0, 255).astype(np.uint8)
    assert cleaning.remove_specks(grain, 200)[0] is grain


def test_thin_strokes_are_no_pepper_and_faxes_are_left_alone() -> None:
    thin = np.full((2339, 1654), 255, np.uint8)
    for row in range(20, 2300, 12):
        cv2.putText(thin, "nous attestons que le patient " * 4, (10, row), 0, 0.3, 0, 1)
    assert cleaning.remove_specks(thin, 200)[0] is thin
    fax = peppered(paper.bitonal(SHEET), 0.06)
    assert cleaning.remove_specks(fax, 100)[0] is fax
