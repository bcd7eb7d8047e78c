"""What is left of a line's ink when its frame is taken away, and whether letters went with it."""

import cv2
import numpy as np
import pytest

from edge.extraction import ink
from edge.extraction.ink import Zone
from vaguemestre.model.document import BoxMm

BOX = BoxMm(0.0, 0.7, 80.0, 5.0)


def zone(text: str, *rules: tuple[int, int, int, int]) -> Zone:
    """A word in letters of 3 mm, and rules (left, top, right, bottom) in pixels."""
    image = np.full((64, 800), 255, np.uint8)
    cv2.putText(image, text, (40, 48), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 0, 4)
    for left, top, right, bottom in rules:
        image[top:bottom, left:right] = 0
    return Zone(image, (image < 128).astype(np.uint8), (0.0, 0.0))


def test_a_rule_under_a_word_is_left_out_and_the_word_is_whole() -> None:
    plain, ruled = zone("DURAND"), zone("DURAND", (5, 56, 700, 59))

    kept = ink.writing_mask(ruled, BOX)

    assert np.array_equal(kept, ink.writing_mask(plain, BOX))
    assert ink.is_writing_whole(ruled, kept)


def test_letters_whose_serifs_run_together_leave_a_gap_that_is_seen() -> None:
    word = zone("MEHDI")
    columns = np.flatnonzero(word.mask.any(axis=0))
    third = (columns[-1] - columns[0]) // 3
    torn = word.mask.copy()
    torn[:, columns[0] + third : columns[0] + 2 * third] = 0

    assert ink.is_writing_whole(word, word.mask)
    assert not ink.is_writing_whole(word, torn)


def test_a_word_whose_letters_ran_together_is_not_lost_unseen() -> None:
    name = zone("LAURENT")
    rows = np.flatnonzero(name.mask.any(axis=1))
    blot = zone("LAURENT", (300, int(rows[0]), 390, int(rows[-1]) + 1))
    frame = zone("LAURENT", (790, 0, 794, 64))
    specks = zone("LAURENT", (300, int(rows[-1]) - 5, 390, int(rows[-1]) + 1))

    for line, is_whole in ((name, True), (blot, False), (frame, True), (specks, True)):
        assert ink.is_writing_whole(line, ink.writing_mask(line, BOX)) is is_whole


def test_a_number_that_goes_on_beyond_its_box_is_not_whole() -> None:
    number = zone("7812768")
    kept = ink.writing_mask(number, BOX)
    end = int(np.flatnonzero(kept.any(axis=0))[-1]) + 1

    whole = Zone(number.image[:, : end + 9], number.mask[:, : end + 9], (0.0, 0.0))
    cut = Zone(number.image[:, : end - 9], number.mask[:, : end - 9], (0.0, 0.0))

    assert ink.is_writing_whole(whole, kept[:, : end + 9])
    assert not ink.is_writing_whole(cut, kept[:, : end - 9])


@pytest.mark.parametrize(("wide", "is_whole"), [(3, True), (6, False)])
def test_a_speck_between_two_words_is_no_letter_a_stroke_may_be_one(
    wide: int, *, is_whole: bool
) -> None:
    words = zone("LE GALL")
    kept = ink.writing_mask(words, BOX)
    inside = np.flatnonzero(kept.any(axis=0))
    gaps = np.setdiff1d(np.arange(inside[0], inside[-1]), inside)
    widest = max(np.split(gaps, np.flatnonzero(np.diff(gaps) > 1) + 1), key=len)
    start = int(widest[len(widest) // 2]) - wide // 2

    words.mask[26:40, start : start + wide] = 1

    assert len(widest) > 10
    assert ink.is_writing_whole(words, kept) is is_whole
