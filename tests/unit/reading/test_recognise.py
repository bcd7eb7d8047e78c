"""A page that lies like a form is it only when a few of its lines say so."""

from collections.abc import Sequence

import numpy as np
import pytest

from edge import pack
from edge.reading import outline
from edge.reading.lines import crop
from edge.reading.readers import Alphabet, Care, Gray, LineReading
from edge.reading.recognise import by_outline
from models.training import forms as drawn_forms
from tests.support.fake_readers import NoReaders
from tests.support.form_lines import DPI, lines_of

FORMS = pack.load(pack.default_dir()).forms
S3704 = FORMS["S3704"]
PAGE = drawn_forms.blank(S3704, round(DPI))


class Saying(NoReaders):
    """Says of the asked lines what it is told, in order."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.asked = 0

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: Care = Care.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        assert care is Care.SKIM
        self.asked += len(crops)
        return [
            LineReading(text, 0.99, (0.99,) * len(text))
            for text, _ in zip(self.texts, crops, strict=True)
        ]


@pytest.fixture(scope="module")
def look() -> outline.Outline:
    found = outline.find(lines_of(S3704), DPI, FORMS)
    assert found is not None
    return found


def test_a_form_is_known_by_a_few_of_its_lines(look: outline.Outline) -> None:
    readers = Saying([anchor.text for anchor, _ in look.to_ask()])

    found = by_outline(PAGE, lines_of(S3704), look, FORMS, readers)

    assert found is not None
    assert found.guess.guesses[0].type == "S3704"
    assert found.guess.guesses[0].confidence > 0.9
    assert found.where is look.where
    assert readers.asked < len(lines_of(S3704)) / 1.5


def test_other_words_at_the_same_places_are_another_form(look: outline.Outline) -> None:
    readers = Saying(["tout autre chose"] * len(look.to_ask()))

    assert by_outline(PAGE, lines_of(S3704), look, FORMS, readers) is None


def test_a_third_of_the_words_wrong_is_too_much(look: outline.Outline) -> None:
    texts = [anchor.text for anchor, _ in look.to_ask()]
    texts[::3] = ["illisible"] * len(texts[::3])

    assert by_outline(PAGE, lines_of(S3704), look, FORMS, Saying(texts)) is None


def test_the_asked_lines_are_those_of_the_anchors(look: outline.Outline) -> None:
    for anchor, line in look.to_ask():
        picture = crop(PAGE, lines_of(S3704)[line])
        assert anchor.box_mm is not None
        assert picture.shape[1] == pytest.approx(anchor.box_mm.width * DPI / 25.4, abs=2)
        assert np.ptp(picture) > 100  # something is printed there
