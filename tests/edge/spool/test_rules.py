"""States, room, counts, ids and labels: values in, values out."""

from uuid import UUID

import pytest
import uuid6
from hypothesis import given
from hypothesis import strategies as st

from edge.spool import rules as spool_rules
from edge.spool.rules import (
    DOCUMENT,
    LOT,
    Count,
    CountResult,
    IllegalStep,
    SpoolState,
    SpoolStep,
    Unit,
    distinct,
    label_of,
    lot_key,
    without_ending,
)
from vaguemestre.model.lot import LotHeader


def _usage(used: int, free: int) -> spool_rules.Usage:
    return spool_rules.Usage(used=used, max_bytes=1_000, free=free, min_free_bytes=100)


def test_s15_a_lot_goes_from_sighted_to_reaped_by_the_steps_of_the_table() -> None:
    state = SpoolState.SIGHTED
    for step in (
        SpoolStep.CLAIM,
        SpoolStep.SPOOL,
        SpoolStep.ANSWER,
        SpoolStep.ACKNOWLEDGE,
        SpoolStep.REAP,
    ):
        state = spool_rules.next_state(LOT, state, step)
    assert state is SpoolState.REAPED


def test_s15_a_step_that_the_table_does_not_hold_is_refused() -> None:
    with pytest.raises(IllegalStep):
        spool_rules.next_state(LOT, SpoolState.SPOOLED, SpoolStep.REAP)
    with pytest.raises(IllegalStep):
        spool_rules.next_state(DOCUMENT, SpoolState.SPOOLED, SpoolStep.REAP)


def test_s15_nothing_leaves_reaped() -> None:
    assert not [key for key in (*LOT, *DOCUMENT) if key[0] is SpoolState.REAPED]


def test_s20_a_lot_that_fits_has_room() -> None:
    room = spool_rules.decide_room(_usage(900, 500), incoming_bytes=100, copied=True)
    assert room == spool_rules.HasRoom()


@pytest.mark.parametrize(
    ("used", "free", "incoming", "copied", "forever"),
    [
        (901, 10_000, 100, False, False),
        (0, 99, 1, False, False),
        (0, 150, 51, True, False),
        (0, 10_000, 1_001, False, True),
    ],
    ids=["spool-full", "disk-full", "copy-would-fill-the-disk", "larger-than-the-spool"],
)
def test_s20_without_room_the_reason_says_whether_waiting_helps(
    used: int, free: int, incoming: int, copied: bool, forever: bool
) -> None:
    room = spool_rules.decide_room(_usage(used, free), incoming_bytes=incoming, copied=copied)
    assert isinstance(room, spool_rules.NoRoom)
    assert room.forever is forever


def test_s20_a_rename_needs_no_free_space() -> None:
    assert (
        spool_rules.decide_room(_usage(0, 100), incoming_bytes=900, copied=False)
        == spool_rules.HasRoom()
    )


def test_s13_a_header_counts_documents() -> None:
    count = spool_rules.compare_counts(
        LotHeader(expected_documents=50), to_verify=None, known=None, images=80, documents=37
    )
    assert count == Count(37, 50, Unit.DOCUMENTS)
    assert count.result is CountResult.SHORT


def test_s13_more_than_announced_is_not_met() -> None:
    assert Count(52, 50, Unit.DOCUMENTS).result is CountResult.OVER


def test_s13_a_header_that_repeats_the_index_asks_nothing_more() -> None:
    header = LotHeader(expected_pages=12)
    assert (
        spool_rules.compare_counts(header, to_verify=None, known=12, images=11, documents=3) is None
    )
    assert (
        spool_rules.compare_counts(header, to_verify=None, known=None, images=11, documents=3)
        is not None
    )


def test_s13_what_only_reading_can_count_comes_before_the_header() -> None:
    count = spool_rules.compare_counts(
        LotHeader(expected_documents=1), to_verify=12, known=12, images=11, documents=1
    )
    assert count == Count(11, 12, Unit.PAGES)


@given(st.integers(0, 2**48 - 2), st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1))
def test_s16_ids_go_up_even_when_the_clock_goes_back(ms: int, before: int, random: int) -> None:
    previous = UUID(int=(ms << 80) | (7 << 76) | (2 << 62) | before)
    fresh = UUID(int=(0 << 80) | (7 << 76) | (2 << 62) | random)
    following = spool_rules.next_id(str(previous), fresh)
    assert str(following) > str(previous)
    assert following.version == 7
    assert following.variant == "specified in RFC 4122"


def test_s16_a_fresh_id_is_kept_when_it_sorts_later() -> None:
    fresh = uuid6.uuid7()
    assert spool_rules.next_id("", fresh) == fresh
    assert spool_rules.next_id(str(UUID(int=1)), fresh) == fresh


@given(st.text(max_size=400))
def test_s11_any_name_makes_a_label_that_every_file_system_takes(name: str) -> None:
    label = label_of(name)
    assert label
    assert len(label.encode()) <= 120
    assert not set(label) & set('<>:"/\\|?*\n\0')
    assert label == label.strip(" .")


def test_s11_labels_are_told_apart_by_a_number() -> None:
    assert distinct("LOT1", {"LOT1", "LOT1 (2)"}) == "LOT1 (3)"


def test_s14_names_that_differ_in_case_and_ending_are_one_lot() -> None:
    assert lot_key("LOT12.TIF") == lot_key("lot12.pdf") == lot_key("Lot12")
    assert without_ending(".tif") == ".tif"
    assert without_ending("a.b") == "a.b"
