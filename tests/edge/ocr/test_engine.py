"""The quick reader reads everything, the careful one what it doubts, and the two are weighed."""

from collections.abc import Callable, Sequence

import numpy as np

from edge.ocr import engine
from edge.ocr.engine import Alphabet, Gray, LineReading

LINE = np.full((32, 200), 255, np.uint8)


def reading(text: str, *confidences: float) -> LineReading:
    each = confidences if len(confidences) == len(text) else confidences * len(text)
    return LineReading(text, float(np.mean(each)) if each else 0.0, tuple(each))


def telling(
    *answers: LineReading, asked: list[int] | None = None
) -> Callable[[Sequence[Gray], Alphabet], list[LineReading]]:
    def read(crops: Sequence[Gray], alphabet: Alphabet) -> list[LineReading]:
        if asked is not None:
            asked.append(len(crops))
        return list(answers[: len(crops)])

    return read


def test_only_lines_that_the_quick_reader_doubts_are_read_again() -> None:
    asked: list[int] = []
    quick = [reading("sûr", 0.99), reading("doux", 0.4), reading("sûr", 0.97)]
    careful = telling(reading("doute", 0.9), asked=asked)

    answers = engine.read_with_fallback(
        [LINE] * 3, Alphabet.TEXT, quick, careful, lambda one: one.confidence >= 0.9
    )

    assert asked == [1]
    assert [answer.text for answer in answers] == ["sûr", "doute", "sûr"]


def test_two_readers_that_agree_confirm_each_other() -> None:
    weighed = engine.combine_readings(reading("DUPONT", 0.8), reading("DUPONT", 0.9))

    assert weighed.text == "DUPONT"
    assert min(weighed.confidences) > 0.97


def test_a_quick_reader_that_was_sure_of_something_else_makes_the_answer_doubtful() -> None:
    sure = engine.combine_readings(reading("DUPONT", 0.95), reading("DUPOND", 0.99))
    unsure = engine.combine_readings(reading("DUPQNT", 0.3), reading("DUPONT", 0.99))

    assert (sure.text, unsure.text) == ("DUPOND", "DUPONT")
    assert max(sure.confidences) < 0.2
    assert min(unsure.confidences) == 0.99


def test_the_quick_readers_spaces_are_taken_where_only_spaces_differ() -> None:
    weighed = engine.combine_readings(reading("JEAN PAUL", 0.9), reading("JEANPAUL", 0.95))

    assert weighed.text == "JEAN PAUL"
    assert len(weighed.confidences) == len(weighed.text)


def test_a_space_that_one_reader_half_saw_stays_doubtful_and_one_that_both_saw_does_not() -> None:
    half = reading("JE AN", 0.99, 0.99, 0.6, 0.99, 0.99)

    alone = engine.combine_readings(half, reading("JEAN", 0.99))
    both = engine.combine_readings(half, reading("JE AN", 0.99))

    assert engine.least_sure(alone) < 0.5
    assert engine.least_sure(both) > 0.9


def test_the_least_sure_character_may_be_a_space_and_of_nothing_nothing_is_sure() -> None:
    assert engine.least_sure(reading("a b", 0.9, 0.1, 0.8)) == 0.1
    assert engine.least_sure(reading("")) == 0.0


def test_an_empty_answer_of_the_careful_reader_stands() -> None:
    assert engine.combine_readings(reading("x", 0.2), reading("")).text == ""
