"""Steps of a line network become text, with what each letter else may be."""

import numpy as np
from numpy.typing import NDArray

from edge.ocr.engine import Alphabet
from edge.ocr.network_io import Decoder

CHARACTERS = "01OoIl7é "


def steps(*rows: dict[str, float]) -> NDArray[np.float32]:
    """One row a step; what is not told is the blank's (``_``)."""
    made = np.zeros((len(rows), len(CHARACTERS) + 1), np.float32)
    for row, told in zip(made, rows, strict=True):
        for char, chance in told.items():
            row[0 if char == "_" else CHARACTERS.index(char) + 1] = chance
        row[0] += 1.0 - row.sum()
    return made


def test_a_letter_told_at_neighbouring_steps_is_one_and_a_blank_parts_two() -> None:
    told = steps({"é": 0.9}, {"é": 0.8}, {}, {"é": 0.7}, {"1": 0.9})

    reading = Decoder(CHARACTERS).decode(told, Alphabet.TEXT)

    assert reading.text == "éé1"
    assert np.allclose(reading.confidences, (0.9, 0.7, 0.9))


def test_only_characters_of_the_alphabet_are_answered_and_a_letter_is_no_sure_digit() -> None:
    told = steps({"é": 0.7, "7": 0.2}, {})

    reading = Decoder(CHARACTERS).decode(told, Alphabet.DIGITS)

    assert reading.text == "7"
    assert reading.confidences[0] < 0.3


def test_look_alikes_count_for_the_digit_where_only_digits_stand() -> None:
    told = steps({"O": 0.5, "o": 0.3, "0": 0.15}, {}, {"l": 0.6, "I": 0.3})

    reading = Decoder(CHARACTERS).decode(told, Alphabet.NIR)

    assert reading.text == "01"
    assert min(reading.confidences) > 0.85


def test_alternatives_are_ranked_and_leave_the_blank_out() -> None:
    told = steps({"0": 0.5, "O": 0.3, "o": 0.1, "_": 0.1})

    (ranked,) = Decoder(CHARACTERS).decode(told, Alphabet.TEXT).alternatives

    assert [char for char, _ in ranked] == ["0", "O", "o", *[c for c, _ in ranked[3:]]]
    assert "" not in [char for char, _ in ranked]


def test_a_letter_that_may_stand_unread_in_a_gap_makes_both_its_neighbours_doubtful() -> None:
    told = steps({"1": 0.99}, {"7": 0.45}, {"1": 0.98})

    sure = Decoder(CHARACTERS).decode(told, Alphabet.TEXT)
    heard = Decoder(CHARACTERS, hears_gaps=True).decode(told, Alphabet.TEXT)

    assert sure.text == heard.text == "11"
    assert min(sure.confidences) > 0.9
    assert np.allclose(heard.confidences, (0.55, 0.55))


def test_a_letter_fading_into_its_own_gap_is_no_doubt() -> None:
    told = steps({"1": 0.99}, {"1": 0.45}, {}, {"7": 0.98})

    heard = Decoder(CHARACTERS, hears_gaps=True).decode(told, Alphabet.TEXT)

    assert heard.text == "17"
    assert min(heard.confidences) > 0.95


def test_nothing_but_blanks_is_no_text() -> None:
    reading = Decoder(CHARACTERS, hears_gaps=True).decode(steps({}, {}, {}), Alphabet.TEXT)

    assert (reading.text, reading.confidence, reading.confidences) == ("", 0.0, ())
