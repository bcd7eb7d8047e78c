"""The four counts of a lot: where they agree, where they do not, what is merely on its way."""

from dataclasses import replace

from central.lots.rules import LotCounts, count_steps, disagreements

_WHOLE = LotCounts(
    announced_pages=12, found_pages=12, sent_documents=4, sent_pages=10, loose_pages=2,
    set_aside=0, stored_documents=4, stored_pages=10,
)  # fmt: skip


def test_a_lot_that_came_whole_agrees_at_each_step() -> None:
    assert disagreements(_WHOLE) == ()
    assert [step.agrees for step in count_steps(_WHOLE, 10, 0)] == [None, True, True, True]
    assert [step.pages for step in count_steps(_WHOLE, 10, 0)] == [12, 12, 12, 10]


def test_what_is_on_its_way_is_no_disagreement() -> None:
    last = count_steps(_WHOLE, 7, 0)[-1]
    assert last.agrees is None
    assert "3 en attente" in last.parts


def test_what_people_gave_up_is_told_and_not_missed() -> None:
    last = count_steps(_WHOLE, 9, 1)[-1]
    assert last.agrees is True
    assert "1 écartée" in last.parts


def test_a_page_that_the_scanner_counted_and_the_station_did_not_find_differs() -> None:
    counts = replace(_WHOLE, announced_pages=13)
    assert disagreements(counts) == ("scanner 13 ≠ station 12 pages",)
    assert [step.agrees for step in count_steps(counts, 10, 0)] == [None, False, True, True]


def test_a_document_that_did_not_reach_the_centre_differs_there() -> None:
    counts = replace(_WHOLE, stored_documents=3, stored_pages=8)
    assert disagreements(counts) == ("station 4 ≠ centre 3 documents",)
    centre = count_steps(counts, 8, 0)[2]
    assert (centre.agrees, centre.pages, centre.expected) == (False, 10, 12)


def test_a_file_that_was_set_aside_may_hold_any_number_of_pages() -> None:
    counts = replace(_WHOLE, set_aside=1, sent_documents=3, sent_pages=9, stored_documents=3,
                     stored_pages=9)  # fmt: skip
    assert disagreements(counts) == ()
    station, centre = count_steps(counts, 9, 0)[1:3]
    assert "1 mis de côté" in station.parts
    assert centre.agrees is None


def test_a_lot_whose_station_has_not_reported_is_compared_with_nothing() -> None:
    counts = replace(
        _WHOLE, found_pages=None, sent_documents=None, sent_pages=None, loose_pages=None
    )
    assert disagreements(counts) == ()
    assert [step.agrees for step in count_steps(counts, 0, 0)] == [None, None, None, None]
