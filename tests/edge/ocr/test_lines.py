"""Spaces that the reader swallowed come back where the ink shows them."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.ocr.engine import Alphabet, Gray, LineReading, ReadMode
from edge.ocr.lines import restore_spaces, split_words
from tests.support.fake_readers import NoReaders


def line(*words: str, space_px: int = 24) -> Gray:
    """Words set side by side, each letter a bar of 8 × 30 px, 5 px apart."""
    parts = []
    for word in words:
        letter = np.pad(np.zeros((30, 8), np.uint8), ((6, 6), (0, 5)), constant_values=255)
        parts += [np.hstack([letter] * len(word)), np.full((42, space_px - 5), 255, np.uint8)]
    return np.hstack(parts)


class Told(NoReaders):
    """Reads what it is told, in order."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        return [LineReading(self.texts.pop(0), 0.9) for _ in crops]


def reading(text: str) -> LineReading:
    return LineReading(
        text, 0.9, tuple(i / 100 for i in range(len(text))), tuple(((c, 1.0),) for c in text)
    )


def test_a_line_is_split_at_its_wide_gaps() -> None:
    widths = [
        int((word < 160).any(axis=0).sum())
        for word in split_words(line("DUPONT", "LE", "GALL")).images
    ]
    assert widths == [48, 16, 32]


def test_tight_letters_are_one_word_and_an_empty_line_none() -> None:
    assert len(split_words(line("DUPONT")).images) == 1
    assert split_words(np.full((40, 200), 255, np.uint8)).images == ()


def test_a_swallowed_space_is_put_back_with_each_letters_confidence() -> None:
    readers = Told("LE", "GALL")
    (found,) = restore_spaces([line("LE", "GALL")], [reading("LEGALL")], readers)
    assert found.text == "LE GALL"
    assert found.confidences == (0.0, 0.01, 0.9, 0.02, 0.03, 0.04, 0.05)
    assert "".join(best[0][0] for best in found.alternatives) == found.text


def test_words_that_say_other_letters_change_nothing() -> None:
    (found,) = restore_spaces([line("LE", "GALL")], [reading("LEGALL")], Told("LE", "GAIL"))
    assert found.text == "LEGALL"


def test_a_space_that_the_ink_shows_is_as_sure_as_its_line_and_nothing_is_read_again() -> None:
    (found,) = restore_spaces([line("LE", "GALL")], [reading("LE GALL")], Told())
    assert found.text == "LE GALL"
    assert found.confidences == (0.0, 0.01, 0.9, 0.03, 0.04, 0.05, 0.06)


def test_a_space_that_the_ink_does_not_show_stays_as_doubtful_as_it_was_read() -> None:
    (found,) = restore_spaces([line("LEGALL")], [reading("LE GALL")], Told())
    assert found == reading("LE GALL")


def test_digits_set_apart_stay_one_number_but_keep_the_spaces_that_were_read() -> None:
    image = line("1", "7100", "AB", "CD")
    (found,) = restore_spaces([image], [reading("17100 ABCD")], Told("1", "7100", "AB", "CD"))
    assert found.text == "17100 AB CD"
    (kept,) = restore_spaces([image], [reading("1 7100 ABCD")], Told("1", "7100", "AB", "CD"))
    assert kept.text == "1 7100 AB CD"


def test_an_image_whose_letters_hang_is_measured_by_most_of_them() -> None:
    image = line("MOREL", "JACQUES", space_px=12)
    tall = image.copy()
    cv2.rectangle(tall, (0, 0), (7, 41), 0, -1)  # one letter reaches far up and down
    assert len(split_words(tall).images) == 2
