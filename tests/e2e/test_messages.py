"""What a station writes the centre reads, as it was."""

import datetime as dt
import string
import uuid
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from uuid6 import uuid7

from central.intake import messages as centre
from edge.uplink import messages as station
from vaguemestre.model.document import (
    BoxMm,
    Channel,
    Check,
    Document,
    Field,
    ImageRef,
    Layout,
    Page,
    PageRole,
    Route,
    RouteKind,
)
from vaguemestre.model.lot import (
    Backlog,
    DocumentRecord,
    Heartbeat,
    Lot,
    LotReport,
    RescanImpossible,
    RescanRequest,
    SetAside,
    StationCondition,
)

_NOW = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)
_DAYS = st.dates(dt.date(2000, 1, 1), _NOW.date())
_MOMENTS = st.datetimes(
    dt.datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds
    _NOW.replace(tzinfo=None),
    timezones=st.just(dt.UTC),
).map(lambda moment: moment.replace(microsecond=0))
_WORDS = st.text(string.ascii_letters + string.digits + "_:-éàç", min_size=1, max_size=30)
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=40)
_TEXTS = st.text(st.characters(exclude_categories=["C"], include_characters="\n"), max_size=60)
_IDS = st.builds(lambda: str(uuid7()))
_COUNTS = st.integers(0, 2_147_483_647)
_BYTES = st.integers(0, 2**63 - 1)
_SHARES = st.floats(0, 1, width=32)
_MARKS = st.lists(_WORDS, max_size=5).map(tuple)
_VERSIONS = st.dictionaries(_WORDS, _WORDS, max_size=4)


def _length(least: float = 0, most: float = 2_000) -> st.SearchStrategy[float]:
    return st.floats(least, most, width=32)


_REFS = st.builds(ImageRef, _WORDS, _COUNTS, st.binary(min_size=32, max_size=32).map(bytes.hex))
_PAGES = st.builds(
    Page,
    ref=_REFS,
    role=st.sampled_from(PageRole),
    rotation=st.sampled_from((0, 90, 180, 270)),
    skew_deg=_length(-90, 90),
    dpi=_length(1),
    width_mm=_length(),
    height_mm=_length(),
    blur=_SHARES,
    text=_TEXTS,
    marks=_MARKS,
    twin=st.none() | _REFS,
)
_ROUTES = st.builds(
    Route,
    kind=st.sampled_from(RouteKind),
    reasons=_MARKS,
    process=_WORDS,
    pole=_WORDS,
    destination=st.text("ABC_-0", min_size=1, max_size=40),
    due_on=st.none() | _DAYS,
    retention=_TEXTS,
)


def _fields(pages: int) -> st.SearchStrategy[Field]:
    return st.builds(
        Field,
        name=_WORDS,
        value=st.none() | _TEXTS,
        raw=_TEXTS,
        confidence=_SHARES,
        accepted=st.booleans(),
        check=st.sampled_from(Check),
        page=st.integers(0, pages - 1),
        box_mm=st.none() | st.builds(BoxMm, *(4 * [_length()])),
    )


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    pages = draw(st.lists(_PAGES, min_size=1, max_size=3).map(tuple))
    return Document(
        type=draw(_WORDS),
        type_confidence=draw(_SHARES),
        runner_up=draw(st.none() | _WORDS),
        layout=draw(st.none() | st.sampled_from(Layout)),
        route=draw(_ROUTES),
        pages=pages,
        fields=draw(st.lists(_fields(len(pages)), max_size=3).map(tuple)),
        marks=draw(_MARKS),
        rescan_id=draw(st.just("") | _IDS),
    )


def _lots(**more: Any) -> st.SearchStrategy[Lot]:
    """Of what every message of a lot carries."""
    told = {
        "id": _IDS,
        "name": _WORDS,
        "source": st.just(""),
        "channel": st.sampled_from(Channel),
        "received_at": _MOMENTS,
        "received_on": _DAYS,
        "fund": _WORDS,
        "process": st.just(""),
        "priority": st.integers(-100, 100),
    }
    return st.builds(Lot, **{**told, **more})


_RECORDS = st.builds(
    DocumentRecord,
    id=_IDS.map(uuid.UUID),
    lot=_lots(),
    position=_COUNTS,
    site=_NAMES,
    station=_NAMES,
    versions=_VERSIONS,
    document=_documents(),
)
_REPORTED = st.builds(
    lambda lot, at: replace(lot, received_at=at, received_on=at.date()),
    _lots(process=_WORDS, expected_pages=st.none() | _COUNTS),
    _MOMENTS,
)
_REPORTS = st.builds(
    LotReport,
    lot=_REPORTED,
    counted_pages=_COUNTS,
    documents=_COUNTS,
    document_pages=_COUNTS,
    loose_pages=_COUNTS,
    set_aside=st.lists(
        st.builds(SetAside, _WORDS, st.none() | _COUNTS, _WORDS, _TEXTS), max_size=3
    ).map(tuple),
    state=_WORDS,
    site=_NAMES,
    station=_NAMES,
)
_BEATS = st.builds(
    Heartbeat,
    at=_MOMENTS,
    backlog=st.builds(Backlog, _BYTES, _BYTES, _COUNTS, _COUNTS),
    condition=st.builds(StationCondition, _BYTES, _length(), st.none() | _MOMENTS, _length()),
    versions=_VERSIONS,
)


@given(_RECORDS)
def test_a_document_is_read_as_it_was_written(record: DocumentRecord) -> None:
    assert centre.document(station.document(record), _NOW) == record


@given(_REPORTS)
def test_a_report_on_a_lot_is_read_as_it_was_written(report: LotReport) -> None:
    assert centre.lot(station.lot(report), _NOW) == report


@given(_BEATS)
def test_a_heartbeat_is_read_as_it_was_written(beat: Heartbeat) -> None:
    assert centre.heartbeat(station.heartbeat(beat)) == beat


@given(_IDS, _WORDS)
def test_an_operators_word_is_read_as_it_was_written(rescan_id: str, reason: str) -> None:
    answer = RescanImpossible(rescan_id, reason)

    assert centre.impossible(station.rescan_impossible(answer)) == answer


@given(st.builds(RescanRequest, _IDS, _WORDS, _TEXTS, _IDS, st.none() | _DAYS, _WORDS))
def test_a_request_to_scan_again_is_read_as_it_was_written(request: RescanRequest) -> None:
    assert station.rescan(centre.rescan(request)) == request
