"""The drawn corpus: repeatable, true to what it tells, and honest about what is held out."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.imaging import quality, separators
from edge.imaging.cleaning import quarter_turn
from edge.inference.engine import load_engine
from edge.ocr import show_through
from models.training.drawing import attachments, degrade, fill, layouts, synthesise, texts
from models.training.drawing.fill import HELD_OUT, cabinet

_KINDS = [*synthesise.known_types(), "unknown", "blank", "invented-7", "worded-7"]


@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_is_drawn_and_told(kind: str) -> None:
    page, truth = synthesise.draw(kind, 11, 60)

    assert truth.type == kind
    assert page.dtype == np.uint8
    assert min(page.shape) >= 240
    assert (page < 140).any() == (kind != "blank")


def test_a_back_is_blank_for_the_station_and_a_separator_is_found(tmp_path: Path) -> None:
    back, truth = synthesise.draw("back", 4, 200)
    sheet, told = synthesise.draw("separator", 1, 200)

    assert truth.type == "blank"
    assert back.min() > 180
    assert quality.is_blank(back, 200) or show_through.is_show_through(
        back, 200, load_engine(tmp_path)
    )
    assert told.type == "separator"
    found = separators.find_separator(sheet, 200, [])
    assert found is not None


def test_the_same_seed_draws_the_same_pages() -> None:
    first = list(synthesise.pages(3, 4, dpi=60))
    again = list(synthesise.pages(3, 4, dpi=60))

    for (one, truth), (other, same) in zip(first, again, strict=True):
        assert truth == same
        assert np.array_equal(one, other)
    other_seed = next(synthesise.pages(4, 1, dpi=60))
    assert not np.array_equal(first[0][0], other_seed[0])


def test_an_invented_form_keeps_its_blank_and_changes_its_filling() -> None:
    pages = [synthesise.draw("invented-5", seed, 60)[0] for seed in range(3)]

    common = np.max(pages, axis=0) < 140  # dark on all: print
    assert common.sum() > 0.3 * min((page < 140).sum() for page in pages)
    assert not np.array_equal(pages[0], pages[1])


def test_a_type_without_measured_layout_never_looks_the_same_twice() -> None:
    one, two = (synthesise.draw("S3116", seed, 60)[0] < 140 for seed in (1, 2))

    assert (one & two).sum() < 0.5 * min(one.sum(), two.sum())


def test_fields_of_measured_forms_are_told_with_valid_keys() -> None:
    _, truth = synthesise.draw("S3110", 1, 60)

    assert len(truth.fields["nir"]) == 15
    body = int(truth.fields["nir"][:13].replace("2A", "19").replace("2B", "18"))
    assert int(truth.fields["nir"][13:]) == 97 - body % 97


def test_the_rotation_told_is_the_one_done() -> None:
    page, truth = synthesise.draw("S3704", 5, 60)
    found = set()
    for seed in range(40):
        made, told = synthesise.degraded(page, truth, seed, 60, turned=1.0)
        back = quarter_turn(made, (360 - told.rotation) % 360)
        assert back.shape == page.shape
        found.add(told.rotation)
    assert found == {90, 180, 270}


@pytest.mark.parametrize("characters", [300, 1800, 2600])
def test_a_letter_is_as_long_as_asked_and_its_text_is_told(characters: int) -> None:
    rng = random.Random(characters)
    body = texts.letter_body(rng, characters)

    assert sum(len(part) for part in body) >= characters


def test_letters_tell_what_they_say() -> None:
    for seed in range(30):
        _, truth = synthesise.draw("courrier", seed, 60)
        assert len(truth.fields["text"]) > 200


def test_what_is_held_out_is_never_drawn_for_training() -> None:
    assert not set(layouts.TRAINING) & set(layouts.HELD_OUT)
    assert not set(attachments.TRAINING) & set(attachments.HELD_OUT)
    assert not set(synthesise.TAUGHT) & set(synthesise.UNTAUGHT)
    taught, kept = cabinet(held_out=False), cabinet(held_out=True)
    assert not {face.family for face in (*taught.typed, *taught.hand)} & HELD_OUT
    if any(face.family in HELD_OUT for face in kept.typed):
        families = {face.family for face in (*taught.typed, *taught.hand)}
        assert not families & {face.family for face in (*kept.typed, *kept.hand)}


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fontconfig."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    cabinet.cache_clear()
    yield
    cabinet.cache_clear()


@pytest.mark.usefixtures("no_fonts")
def test_without_installed_fonts_pages_are_drawn_all_the_same() -> None:
    drawn = [synthesise.draw("S3116", seed, 60) for seed in range(4)]

    assert all((page < 140).any() for page, _ in drawn)
    assert any(truth.fields for _, truth in drawn)


def test_a_face_without_accents_writes_without_them() -> None:
    face = fill.Face("x", Path("x"), Path("x"), is_french=False)

    assert face.spelt("Né(e) à l'Île, ÇA 12 €!") == "Ne(e) a l'Ile, CA 12 !"


@pytest.mark.parametrize("name", list(degrade.FAULTS))
def test_every_fault_is_repeatable_keeps_the_size_and_leaves_its_input_alone(name: str) -> None:
    fault, _ = degrade.FAULTS[name]
    page, _ = synthesise.draw("S3704", 2, 75)
    before = page.copy()
    one, two = (fault(page, 75, random.Random(9)) for _ in range(2))

    assert np.array_equal(one, two)
    assert np.array_equal(page, before)
    assert one.shape == page.shape
    assert one.dtype == np.uint8
    assert not np.array_equal(one, page)
    assert (one < 200).any()


def test_every_type_of_the_pack_has_a_title() -> None:
    for name in synthesise.known_types():
        page, _ = synthesise.draw(name, 1, 60)
        assert page.size
    assert all(titles for titles in texts.TITLES.values())
