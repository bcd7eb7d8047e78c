"""A page that lies like a form is it only when a few of its lines say so."""

from collections.abc import Sequence

import numpy as np
import pytest

from edge.classification import registration
from edge.ocr.engine import Alphabet, Gray, LineReading, Quad, ReadMode
from edge.ocr.lines import crop
from edge.pipeline.page import identify_by_layout
from models.training.drawing import forms as drawn_forms
from tests.support.fake_readers import NoReaders
from tests.support.form_lines import DPI, lines_of, quad
from vaguemestre import pack
from vaguemestre.model.document import BoxMm, Layout
from vaguemestre.model.forms import Anchor

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
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        assert care is ReadMode.SKIM
        self.asked += len(crops)
        return [
            LineReading(text, 0.99, (0.99,) * len(text))
            for text, _ in zip(self.texts, crops, strict=True)
        ]


class Knowing(Saying):
    """Says of each line what its anchor does, by the size of its picture."""

    def __init__(self, quads: Sequence[Quad]) -> None:
        super().__init__(())
        sizes = {crop(PAGE, one).shape: i for i, one in enumerate(quads)}
        self.known = {size: S3704.fronts_with_boxes[i].text for size, i in sizes.items()}

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        self.texts = [self.known[image.shape] for image in crops]
        return super().read_lines(crops, alphabet, care, skimmed)


@pytest.fixture(scope="module")
def look() -> registration.LayoutMatch:
    found = registration.match_layout(lines_of(S3704), DPI, FORMS)
    assert found is not None
    return found


def test_a_form_is_known_by_a_few_of_its_lines(look: registration.LayoutMatch) -> None:
    readers = Saying([anchor.text for anchor, _ in look.to_ask()])

    found = identify_by_layout(PAGE, lines_of(S3704), look, FORMS, readers)

    assert found is not None
    assert found.classification.guesses[0].type == "S3704"
    assert found.classification.guesses[0].confidence > 0.9
    assert found.registration is look.where
    assert readers.asked < len(lines_of(S3704)) / 1.5


def test_other_words_at_the_same_places_are_another_form(look: registration.LayoutMatch) -> None:
    readers = Saying(["tout autre chose"] * len(look.to_ask()))

    assert identify_by_layout(PAGE, lines_of(S3704), look, FORMS, readers) is None


def test_a_third_of_the_words_wrong_is_too_much(look: registration.LayoutMatch) -> None:
    texts = [anchor.text for anchor, _ in look.to_ask()]
    texts[::3] = ["illisible"] * len(texts[::3])

    assert identify_by_layout(PAGE, lines_of(S3704), look, FORMS, Saying(texts)) is None


def test_the_asked_lines_are_those_of_the_anchors(look: registration.LayoutMatch) -> None:
    for anchor, line in look.to_ask():
        picture = crop(PAGE, lines_of(S3704)[line])
        assert anchor.box_mm is not None
        assert picture.shape[1] == pytest.approx(anchor.box_mm.width * DPI / 25.4, abs=2)
        assert np.ptp(picture) > 100  # something is printed there


def test_print_that_was_read_away_from_its_place_tells_that_the_sheet_was_not_flat() -> None:
    lines = lines_of(S3704)
    found = registration.match_layout(lines, DPI, FORMS)
    assert found is not None
    strayed = [
        i
        for i, anchor in enumerate(S3704.fronts_with_boxes)
        if len(anchor.text) > 30 and anchor.box_mm and 180 < anchor.box_mm.top < 260
    ][:2]
    for i in strayed:
        lines[i] = quad(S3704.fronts_with_boxes[i].box_mm or BoxMm(0, 0, 1, 1), (0.0, 3.0))
    again = registration.match_layout(lines, DPI, FORMS)
    assert again is not None

    flat = identify_by_layout(PAGE, lines_of(S3704), found, FORMS, Knowing(lines_of(S3704)))
    bent = identify_by_layout(PAGE, lines, again, FORMS, Knowing(lines))

    assert len(strayed) == 2
    assert flat is not None
    assert flat.is_flat
    assert bent is not None
    assert bent.has_strayed
    assert not bent.is_flat


def test_the_number_of_another_edition_makes_a_known_form_unverified(
    look: registration.LayoutMatch,
) -> None:
    texts = [anchor.text.replace("*03", "*01") for anchor, _ in by_line(look)]

    found = identify_by_layout(PAGE, lines_of(S3704), look, FORMS, Saying(texts))

    assert found is not None
    assert found.classification.guesses[0].type == "S3704"
    assert found.classification.layout is Layout.UNVERIFIED


def by_line(look: registration.LayoutMatch) -> list[tuple[Anchor, int]]:
    return sorted(look.to_ask(), key=lambda match: match[1])
