"""Thumbnails keep their page, prototypes tell the known from the unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.classification import embedding


def _known(**vectors: list[list[float]]) -> embedding.Prototypes:
    rows = [row for found in vectors.values() for row in found]
    types = tuple(name for name, found in vectors.items() for _ in found)
    return embedding.Prototypes(embedding.normalised(np.array(rows, np.float32)), types, 0.7, 0.1)


def test_the_nearest_of_several_prototypes_counts() -> None:
    known = _known(a=[[1, 0, 0], [0, 1, 0]], b=[[0, 0, 1]])
    match = embedding.nearest_type(np.array([0.1, 0.99, 0.0], np.float32), known)

    assert (match.type, match.is_known) == ("a", True)


def test_a_page_far_from_all_is_unknown() -> None:
    known = _known(a=[[1, 0, 0]], b=[[0, 1, 0]])
    match = embedding.nearest_type(np.array([0.1, 0.1, 0.99], np.float32), known)

    assert not match.is_known


def test_a_page_between_two_types_is_unknown() -> None:
    known = _known(a=[[1, 0, 0]], b=[[0, 1, 0]])
    match = embedding.nearest_type(
        embedding.normalised(np.array([[1, 0.98, 0]], np.float32))[0], known
    )

    assert match.cosine > 0.69
    assert not match.is_known


def test_an_enrolled_type_takes_the_place_of_its_former_self() -> None:
    known = _known(a=[[1, 0, 0]], b=[[0, 1, 0]])
    again = known.with_type("a", np.array([[0, 0, 5]], np.float32))

    assert embedding.nearest_type(np.array([0, 0, 1], np.float32), again).type == "a"
    assert again.types.count("a") == 1
    assert np.allclose(np.linalg.norm(again.vectors, axis=1), 1)


def test_several_samples_give_their_mean_as_well() -> None:
    one, two = np.array([[2, 0, 0]], np.float32), np.array([[0, 3, 0], [0, 1, 0]], np.float32)
    vectors = embedding.enrolled_prototypes([one, two])

    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[0], [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    assert len(vectors) == 1 + 2 + 3


def test_variants_are_the_page_itself_and_others_like_it() -> None:
    page = np.full((embedding.HEIGHT, embedding.WIDTH), 240, np.uint8)
    page[100:120, 50:200] = 30
    made = embedding.augmented(page)

    assert np.array_equal(made[0], page)
    assert all(one.shape == page.shape and one.dtype == np.uint8 for one in made)
    assert all(one.min() < 150 for one in made)
    assert len({one.tobytes() for one in made}) == len(made)


@given(st.integers(1, 900), st.integers(1, 900))
def test_any_page_fits_whole_on_white(height: int, width: int) -> None:
    thumb = embedding.thumbnail(np.zeros((height, width), np.uint8))

    assert thumb.pixels.shape == (embedding.HEIGHT, embedding.WIDTH)
    assert thumb.turned == (90 if width > height else 0)
    assert (thumb.pixels < 128).any()


@pytest.mark.parametrize("shape", [(1169, 827), (827, 1169)])
@pytest.mark.parametrize("done", [0, 90, 180, 270])
def test_the_turn_that_is_told_makes_the_page_upright(shape: tuple[int, int], done: int) -> None:
    page = np.full(shape, 255, np.uint8)
    page[:100, :300] = 0  # its upper left corner
    scanned = np.ascontiguousarray(np.rot90(page, k=-(done // 90)))
    thumb = embedding.thumbnail(scanned)
    # What was done to the thumbnail's content since it was upright is what the network tells.
    seen = (done + thumb.turned) % 360
    scores = np.array([5.0 if turn == seen else 0.0 for turn in (0, 90, 180, 270)], np.float32)
    told = embedding.orientation(thumb, scores)
    upright = np.rot90(scanned, k=-(told.rotation // 90))

    assert upright.shape == page.shape
    assert upright[:50, :50].max() == 0
    again = embedding.rotated(thumb, told.rotation)
    assert (
        np.abs(again.astype(int) - embedding.thumbnail(np.ascontiguousarray(upright)).pixels).mean()
        < 12
    )
