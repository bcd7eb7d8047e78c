"""What a blank shows around a tick's box: kept in a form's file, and found again on a scan."""

import base64
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.extraction import tick_blank
from edge.ocr.engine import Gray
from vaguemestre.model import forms
from vaguemestre.model.blanks import check as check_blanks
from vaguemestre.model.forms import DefinitionInvalid

MORE = tick_blank.MARGIN_PX
SHAPE = (tick_blank.HIGH_PX, tick_blank.WIDE_PX)


def printing_number(seen: Sequence[Gray], blanks: Sequence[Sequence[Gray]]) -> int | None:
    found = tick_blank.printing(seen, blanks)
    return None if found is None else found.number


def printed(word: str, darkness: int = 180) -> Gray:
    """A wider window with a box in a tint and a word beside it."""
    seen = np.full((SHAPE[0] + 2 * MORE, SHAPE[1] + 2 * MORE), 250, np.uint8)
    cv2.rectangle(seen, (0, 22), (seen.shape[1], 48), 205, -1)
    cv2.rectangle(seen, (33, 27), (55, 45), 250, -1)
    cv2.putText(seen, word, (58, 42), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 250 - darkness, 1, cv2.LINE_AA)
    return seen


def inner(seen: Gray) -> Gray:
    return seen[MORE:-MORE, MORE:-MORE]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_blank_is_kept_without_loss(seed: int) -> None:
    steps = np.random.default_rng(seed).integers(0, 4, SHAPE).astype(np.uint8)
    assert np.array_equal(tick_blank.unpacked(tick_blank.packed(steps)), steps)


@pytest.mark.parametrize("text", [
    "", "no base64!", base64.b64encode(b"no zlib").decode(),
    base64.b64encode(zlib.compress(b"short")).decode(),
    base64.b64encode(zlib.compress(bytes(50_000_000))).decode(),
    base64.b64encode(zlib.compress(bytes(1281))).decode(),
])  # fmt: skip
def test_what_is_no_blank_is_refused_and_so_is_its_form(text: str) -> None:
    with pytest.raises(ValueError, match="blank"):
        tick_blank.unpacked(text)
    written = (
        'type = "S1"\ntitle = "t"\nlayout = "verified"\n[[fields]]\nname = "a"\nkind = "tick"\n'
        f'box_mm = [1.0, 1.0, 4.0, 4.0]\nblanks = ["{text}"]\n'
    )
    with pytest.raises(DefinitionInvalid, match="blank"):
        forms.parse_form("S1.toml", written)


def test_ticks_of_a_form_have_all_as_many_blanks() -> None:
    text = tick_blank.packed(np.zeros(SHAPE, np.uint8))
    tick = '[[fields]]\nname = "{}"\nkind = "tick"\nbox_mm = [1.0, 1.0, 4.0, 4.0]\nblanks = [{}]\n'
    head = 'type = "S1"\ntitle = "t"\nlayout = "verified"\n'
    one = f'"{text}"'
    assert len(
        forms.parse_form("S1.toml", head + tick.format("a", one) + tick.format("b", one)).fields
    )
    with pytest.raises(DefinitionInvalid, match="as many blanks"):
        forms.parse_form("S1.toml", head + tick.format("a", one) + tick.format("b", ""))


def test_a_tick_has_no_more_blanks_than_are_compared_on_every_page() -> None:
    text = tick_blank.packed(np.zeros(SHAPE, np.uint8))
    check_blanks([text] * 8)
    with pytest.raises(ValueError, match="9 blanks"):
        check_blanks([text] * 9)


@pytest.mark.parametrize("by", [(0, 0), (3, -2), (-4, 4)])
@pytest.mark.parametrize("is_thresholded", [False, True])
def test_a_window_is_found_where_it_lies_on_its_own_printing(
    by: tuple[int, int], is_thresholded: bool
) -> None:
    steps = tick_blank.measured(inner(printed("oui")))
    seen = np.roll(printed("oui"), by, (1, 0))
    if is_thresholded:
        seen = np.where(seen > 180, 255, 0).astype(np.uint8)
    place = tick_blank.place(seen, steps)
    assert place is not None
    assert (place.x, place.y) == by


def test_the_page_has_the_printing_that_its_windows_resemble_most() -> None:
    blanks = [tick_blank.measured(inner(printed(word))) for word in ("oui", "MAL")]
    for number, word in enumerate(("oui", "MAL")):
        assert printing_number([printed(word)] * 3, [blanks] * 3) == number
    assert printing_number([printed("oui")] * 3, [blanks[:1], blanks[:1], []]) is None


def test_a_mark_in_the_box_does_not_move_it() -> None:
    steps = tick_blank.measured(inner(printed("oui")))
    seen = printed("oui")
    cv2.line(seen, (34, 28), (54, 46), 40, 3)
    cv2.line(seen, (54, 26), (30, 50), 40, 3)
    place = tick_blank.place(seen, steps)
    assert place is not None
    assert (place.x, place.y) == (0, 0)


def test_what_resembles_no_printing_and_bare_paper_have_no_place() -> None:
    steps = tick_blank.measured(inner(printed("oui")))
    noise = np.random.default_rng(3).integers(200, 256, printed("").shape).astype(np.uint8)
    bare_paper = np.full_like(noise, 250)
    for seen in (noise, bare_paper):
        assert tick_blank.place(seen, steps) is None
        assert printing_number([seen], [[steps]]) is None
    assert tick_blank.place(printed("oui"), np.zeros(SHAPE, np.uint8)) is None
