"""Wire messages to checked values, and requests to wire messages; pure.

What breaks the contract is ``DocumentInvalid``. Errors name the field that is wrong and never its
content. The limits on what one message may hold are those of ``vaguemestre.model.limits``.
"""

import datetime as dt
import math
import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Protocol, TypeVar

from central.documents.text import without_controls
from central.errors import DocumentInvalid
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
from vaguemestre.model.limits import (
    EARLIEST_RECEIPT,
    LONGEST_DELAY,
    MAX_FIELDS,
    MAX_MARKS,
    MAX_NAME,
    MAX_PAGE_TEXT,
    MAX_PAGES,
    MAX_RESCANS,
    MAX_SET_ASIDE,
    MAX_VALUE,
    MAX_VERSIONS,
    MAX_WORD,
    RECEIPT_AHEAD,
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
from vaguemestre.v1 import document_pb2 as wire
from vaguemestre.v1 import fleet_pb2, intake_pb2

_SHOWN_NAME = 200
_MAX_COUNT = 2_147_483_647
_MAX_BYTES = 9_223_372_036_854_775_807
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_DESTINATION = re.compile(r"[A-Z0-9_-]{1,40}")


_Word = TypeVar("_Word", bound=StrEnum)
_PREFIXES: Mapping[type[StrEnum], str] = {
    Channel: "CHANNEL_",
    PageRole: "ROLE_",
    Layout: "LAYOUT_",
    Check: "CHECK_",
    RouteKind: "ROUTE_KIND_",
}


class _EnumType(Protocol):
    def Name(self, number: int) -> str: ...  # noqa: N802 - protobuf's name


def document(message: wire.Document, now: dt.datetime) -> DocumentRecord:
    """Check a document; ``now`` is the centre's clock, which its dates are held against.

    Raises:
        DocumentInvalid: names the first field that is wrong.
    """
    _demand(1 <= len(message.pages) <= MAX_PAGES, "pages")
    _demand(len(message.fields) <= MAX_FIELDS, "fields")
    route = _route(message.route, now)
    return DocumentRecord(
        id=_id(message.id, "id"),
        lot=_lot_of(message, now),
        position=_count(message.position, "position"),
        site=_name(message.site, "site"),
        station=_name(message.station, "station"),
        versions=_versions(message.versions),
        document=Document(
            type=_text(message.type, MAX_WORD, "type", least=1),
            type_confidence=_share(message.type_confidence, "type_confidence"),
            runner_up=_text(message.runner_up, MAX_WORD, "runner_up") or None,
            layout=_enum(wire.Layout, Layout, message.layout, "layout") if message.layout else None,
            route=route,
            pages=tuple(_page(page, f"pages.{i}") for i, page in enumerate(message.pages)),
            fields=tuple(
                _field(field, len(message.pages), f"fields.{i}")
                for i, field in enumerate(message.fields)
            ),
            marks=_marks(message.marks, "marks"),
            rescan_id=str(_id(message.rescan_id, "rescan_id")) if message.rescan_id else "",
        ),
    )


def _lot_of(message: wire.Document, now: dt.datetime) -> Lot:
    return Lot(
        id=str(_id(message.lot_id, "lot_id")),
        name=_name_of(message.lot_name, "lot_name"),
        source="",
        channel=_enum(wire.Channel, Channel, message.channel, "channel"),
        received_at=_received_at(message, now),
        received_on=_received_on(message.received_on, now),
        fund=_text(message.fund, MAX_WORD, "fund"),
        process="",
        priority=_number(message.priority, -100, 100, "priority"),
    )


def lot(message: wire.Lot, now: dt.datetime) -> LotReport:
    """Check a lot's report; ``now`` is the centre's clock.

    Its day of receipt is the one of ``received_at``: a report tells no other.

    Raises:
        DocumentInvalid: names the first field that is wrong.
    """
    _demand(len(message.set_aside) <= MAX_SET_ASIDE, "set_aside")
    expected = message.expected_pages if message.HasField("expected_pages") else None
    received_at = _received_at(message, now)
    about = Lot(
        id=str(_id(message.id, "id")),
        name=_name_of(message.name, "name"),
        source="",
        channel=_enum(wire.Channel, Channel, message.channel, "channel"),
        received_at=received_at,
        received_on=received_at.date(),
        fund=_text(message.fund, MAX_WORD, "fund"),
        process=_text(message.process, MAX_WORD, "process"),
        priority=_number(message.priority, -100, 100, "priority"),
        expected_pages=None if expected is None else _count(expected, "expected_pages"),
    )
    return LotReport(
        lot=about,
        counted_pages=_count(message.counted_pages, "counted_pages"),
        documents=_count(message.documents, "documents"),
        document_pages=_count(message.document_pages, "document_pages"),
        loose_pages=_count(message.loose_pages, "loose_pages"),
        set_aside=tuple(
            _set_aside(aside, f"set_aside.{i}") for i, aside in enumerate(message.set_aside)
        ),
        state=_text(message.state, MAX_WORD, "state", least=1),
        site=_name(message.site, "site"),
        station=_name(message.station, "station"),
    )


def heartbeat(message: fleet_pb2.Heartbeat) -> Heartbeat:
    """Check what a station tells of itself.

    Raises:
        DocumentInvalid: names the first field that is wrong.
    """
    return Heartbeat(
        at=_moment(message, "at"),
        backlog=Backlog(
            documents=_number(message.backlog_documents, 0, _MAX_BYTES, "backlog_documents"),
            bytes=_number(message.backlog_bytes, 0, _MAX_BYTES, "backlog_bytes"),
            lots_open=_count(message.lots_open, "lots_open"),
            lots_incomplete=_count(message.lots_incomplete, "lots_incomplete"),
        ),
        condition=StationCondition(
            free_disk_bytes=_number(message.free_disk_bytes, 0, _MAX_BYTES, "free_disk_bytes"),
            pages_per_minute=_real(message.pages_per_minute, 0, 1e9, "pages_per_minute"),
            certificate_until=_moment(message, "certificate_until")
            if message.HasField("certificate_until")
            else None,
            rated_pages_per_minute=_real(
                message.rated_pages_per_minute, 0, 1e9, "rated_pages_per_minute"
            ),
        ),
        versions=_versions(message.versions),
    )


def impossible(message: fleet_pb2.RescanImpossible) -> RescanImpossible:
    """Check an operator's word that a document cannot be scanned again.

    Raises:
        DocumentInvalid: names the first field that is wrong.
    """
    return RescanImpossible(
        str(_id(message.rescan_id, "rescan_id")),
        _text(message.reason, MAX_NAME, "reason", least=1),
    )


def rescan(request: RescanRequest) -> fleet_pb2.RescanRequest:
    """Write a request to scan a document again."""
    sheet, received_on = request.sheet, request.received_on
    return fleet_pb2.RescanRequest(
        document_id=request.document_id,
        lot_name=request.lot_name,
        reason=request.reason,
        rescan_id=request.rescan_id,
        received_on=received_on.isoformat() if received_on else "",
        fund=request.fund,
        document_number=sheet.number,
        type_title=sheet.type_title,
        page=sheet.page,
        pages=sheet.pages,
        picture=sheet.picture,
    )


def rescans(message: intake_pb2.Hello) -> frozenset[str]:
    """Check the list of ids of the requests that a station holds.

    Raises:
        DocumentInvalid: too many, or no ids.
    """
    _demand(len(message.rescans) <= MAX_RESCANS, "rescans")
    return frozenset(str(_id(text, "rescans")) for text in message.rescans)


def station(message: intake_pb2.Hello) -> str:
    """Check who says hello; the certificate proves the site.

    Raises:
        DocumentInvalid: the site or the station has no possible name.
    """
    _name(message.site, "site")
    return _name(message.station, "station")


def versions(message: Mapping[str, str]) -> Mapping[str, str]:
    """Check a table of names and versions.

    Raises:
        DocumentInvalid: too many, or too long.
    """
    return _versions(message)


def _route(message: wire.Route, now: dt.datetime) -> Route:
    kind = _enum(wire.RouteKind, RouteKind, message.kind, "route.kind")
    is_addressed = _DESTINATION.fullmatch(message.destination) is not None
    # A person may still have to say where it goes; a straight one must say it itself.
    _demand(
        is_addressed or (kind is not RouteKind.STRAIGHT and not message.destination),
        "route.destination",
    )
    return Route(
        kind=kind,
        reasons=_marks(message.reasons, "route.reasons", most=MAX_FIELDS),
        process=_text(message.process, MAX_WORD, "route.process"),
        pole=_text(message.pole, MAX_WORD, "route.pole"),
        destination=message.destination,
        due_on=_due_on(message.due_on, now) if message.due_on else None,
        retention=_text(message.retention, MAX_NAME, "route.retention"),
    )


def _page(message: wire.Page, where: str) -> Page:
    _demand(message.rotation in {0, 90, 180, 270}, f"{where}.rotation")
    return Page(
        ref=_ref(message.ref, f"{where}.ref"),
        role=_enum(wire.Role, PageRole, message.role, f"{where}.role"),
        rotation=message.rotation,
        skew_deg=_real(message.skew_deg, -90, 90, f"{where}.skew_deg"),
        dpi=_real(message.dpi, 1, 10_000, f"{where}.dpi"),
        width_mm=_real(message.width_mm, 0, 100_000, f"{where}.width_mm"),
        height_mm=_real(message.height_mm, 0, 100_000, f"{where}.height_mm"),
        blur=_share(message.blur, f"{where}.blur"),
        text=_text(message.text, MAX_PAGE_TEXT, f"{where}.text"),
        marks=_marks(message.marks, f"{where}.marks"),
        twin=_ref(message.twin, f"{where}.twin") if message.HasField("twin") else None,
    )


def _ref(message: wire.PageRef, where: str) -> ImageRef:
    _demand(len(message.sha256) == 32, f"{where}.sha256")
    file = _text(message.file, MAX_NAME, f"{where}.file", least=1)
    return ImageRef(file, _count(message.index, f"{where}.index"), message.sha256.hex())


def _field(message: wire.Field, pages: int, where: str) -> Field:
    value = message.value if message.HasField("value") else None
    _demand(message.page < pages, f"{where}.page")
    return Field(
        name=_text(message.name, MAX_WORD, f"{where}.name", least=1),
        value=None if value is None else _text(value, MAX_VALUE, f"{where}.value"),
        raw=_text(message.raw, MAX_VALUE, f"{where}.raw"),
        confidence=_share(message.confidence, f"{where}.confidence"),
        accepted=message.accepted,
        check=_enum(wire.Check, Check, message.check, f"{where}.check"),
        page=message.page,
        box_mm=_box(message.box, f"{where}.box") if message.HasField("box") else None,
    )


def _box(message: wire.BoxMm, where: str) -> BoxMm:
    sides = (message.left, message.top, message.width, message.height)
    return BoxMm(*(_real(side, -100_000, 100_000, where) for side in sides))


def _set_aside(message: wire.SetAside, where: str) -> SetAside:
    page = message.page if message.HasField("page") else None
    return SetAside(
        file=_text(message.file, MAX_NAME, f"{where}.file"),
        page=None if page is None else _count(page, f"{where}.page"),
        code=_text(message.code, MAX_WORD, f"{where}.code", least=1),
        reason=_text(message.reason, MAX_NAME, f"{where}.reason"),
    )


def _demand(holds: bool, where: str) -> None:
    if not holds:
        raise DocumentInvalid(where)


def _id(text: str, where: str) -> uuid.UUID:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        raise DocumentInvalid(where) from None
    _demand(parsed.version == 7 and str(parsed) == text, where)
    return parsed


def _name(text: str, where: str) -> str:
    _demand(_NAME.fullmatch(text) is not None, where)
    return text


def _text(text: str, most: int, where: str, *, least: int = 0) -> str:
    _demand(least <= len(text) <= most and "\0" not in text, where)  # PostgreSQL holds no NUL
    return without_controls(text)


def _name_of(text: str, where: str, *, least: int = 0) -> str:
    """A name as people read it: one line, cut where nobody reads on."""
    name = " ".join(_text(text, MAX_NAME, where, least=least).split())
    return name if len(name) <= _SHOWN_NAME else f"{name[: _SHOWN_NAME - 1]}…"


def _enum(kind: _EnumType, words: type[_Word], number: int, where: str) -> _Word:
    """The word that a number of the wire stands for: ``ROUTE_KIND_KEY`` is ``key``."""
    try:
        return words[kind.Name(number).removeprefix(_PREFIXES[words])]
    except (ValueError, KeyError):
        raise DocumentInvalid(where) from None


def _number(number: int, least: int, most: int, where: str) -> int:
    _demand(least <= number <= most, where)
    return number


def _count(number: int, where: str) -> int:
    return _number(number, 0, _MAX_COUNT, where)


def _real(number: float, least: float, most: float, where: str) -> float:
    _demand(math.isfinite(number) and least <= number <= most, where)
    return number


def _share(number: float, where: str) -> float:
    return _real(number, 0, 1, where)


def _date(text: str, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise DocumentInvalid(where) from None


def _moment(message: wire.Document | wire.Lot | fleet_pb2.Heartbeat, where: str) -> dt.datetime:
    _demand(message.HasField(where), where)
    stamp = getattr(message, where)
    try:
        moment: dt.datetime = stamp.ToDatetime(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise DocumentInvalid(where) from None
    return moment


def _received_at(message: wire.Document | wire.Lot, now: dt.datetime) -> dt.datetime:
    moment = _moment(message, "received_at")
    _demand(moment.date() >= EARLIEST_RECEIPT and moment <= now + RECEIPT_AHEAD, "received_at")
    return moment


def _received_on(text: str, now: dt.datetime) -> dt.date:
    day = _date(text, "received_on")
    _demand(EARLIEST_RECEIPT <= day <= (now + RECEIPT_AHEAD).date(), "received_on")
    return day


def _due_on(text: str, now: dt.datetime) -> dt.date:
    day = _date(text, "route.due_on")
    _demand(EARLIEST_RECEIPT <= day <= (now + LONGEST_DELAY).date(), "route.due_on")
    return day


def _marks(values: Iterable[str], where: str, *, most: int = MAX_MARKS) -> tuple[str, ...]:
    marks = tuple(values)
    _demand(len(marks) <= most, where)
    return tuple(_text(mark, MAX_WORD, where, least=1) for mark in marks)


def _versions(values: Mapping[str, str]) -> Mapping[str, str]:
    _demand(len(values) <= MAX_VERSIONS, "versions")
    both: Collection[str] = [*values.keys(), *values.values()]
    for text in both:
        _text(text, MAX_WORD, "versions")
    return dict(values)
