"""What a station says, as messages of the wire, and what the centre asks of it; pure."""

import datetime as dt
from collections.abc import Iterable, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from vaguemestre.model.document import (
    Channel,
    Check,
    Field,
    ImageRef,
    Layout,
    Page,
    PageRole,
    RouteKind,
)
from vaguemestre.model.document import Route as DocumentRoute
from vaguemestre.model.limits import MAX_NAME, MAX_PAGE_TEXT, MAX_PICTURE, MAX_SET_ASIDE
from vaguemestre.model.lot import (
    AskedSheet,
    DocumentRecord,
    Heartbeat,
    LotReport,
    RescanImpossible,
    RescanRequest,
    SetAside,
)
from vaguemestre.v1 import document_pb2 as wire
from vaguemestre.v1 import fleet_pb2, intake_pb2

TEXT_LEFT_OUT = "text_left_out"
_JPEG = b"\xff\xd8\xff"
_MOST_TITLE, _MOST_COUNTED = 100, 100_000  # of such a sheet
_CHANNELS = {
    Channel.SCANNER: wire.CHANNEL_SCANNER,
    Channel.MAILBOX: wire.CHANNEL_MAILBOX,
    Channel.PLATFORM: wire.CHANNEL_PLATFORM,
    Channel.UPLOAD: wire.CHANNEL_UPLOAD,
}
_ROLES = {
    PageRole.FRONT: wire.ROLE_FRONT,
    PageRole.BACK: wire.ROLE_BACK,
    PageRole.ATTACHMENT: wire.ROLE_ATTACHMENT,
    PageRole.BLANK: wire.ROLE_BLANK,
    PageRole.SEPARATOR: wire.ROLE_SEPARATOR,
}
_LAYOUTS = {
    None: wire.LAYOUT_UNSPECIFIED,
    Layout.VERIFIED: wire.LAYOUT_VERIFIED,
    Layout.UNVERIFIED: wire.LAYOUT_UNVERIFIED,
}
_CHECKS = {
    Check.OK: wire.CHECK_OK,
    Check.REPAIRED: wire.CHECK_REPAIRED,
    Check.FAILED: wire.CHECK_FAILED,
    Check.NONE: wire.CHECK_NONE,
}
_ROUTES = {
    RouteKind.STRAIGHT: wire.ROUTE_KIND_STRAIGHT,
    RouteKind.NAME: wire.ROUTE_KIND_NAME,
    RouteKind.KEY: wire.ROUTE_KIND_KEY,
}


def document(record: DocumentRecord, max_bytes: int = 0) -> wire.Document:
    """Write a document.

    Args:
        record: The document.
        max_bytes: What the centre takes in one message; a document of more goes without the
            text of its pages, each marked so (the images hold it). 0: any size.
    """
    message = _document(record)
    if max_bytes and message.ByteSize() > max_bytes:
        for page in message.pages:
            page.ClearField("text")
            page.marks.append(TEXT_LEFT_OUT)
    return message


def _document(record: DocumentRecord) -> wire.Document:
    lot, document = record.lot, record.document
    return wire.Document(
        id=str(record.id),
        lot_id=lot.id,
        lot_name=_short(lot.name),
        position=record.position,
        site=record.site,
        station=record.station,
        channel=_CHANNELS[lot.channel],
        received_at=Timestamp(seconds=int(lot.received_at.timestamp())),
        received_on=lot.received_on.isoformat(),
        fund=lot.fund,
        priority=lot.priority,
        type=document.type,
        type_confidence=document.type_confidence,
        runner_up=document.runner_up or "",
        layout=_LAYOUTS[document.layout],
        route=_route(document.route),
        pages=map(_page, document.pages),
        fields=map(_field, document.fields),
        marks=document.marks,
        versions=record.versions,
        rescan_id=document.rescan_id,
    )


def _route(route: DocumentRoute) -> wire.Route:
    return wire.Route(
        kind=_ROUTES[route.kind],
        reasons=route.reasons,
        process=route.process,
        pole=route.pole,
        destination=route.destination,
        due_on=route.due_on.isoformat() if route.due_on else "",
        retention=route.retention,
    )


def _page(page: Page) -> wire.Page:
    is_long = len(page.text) > MAX_PAGE_TEXT
    return wire.Page(
        ref=_ref(page.ref),
        role=_ROLES[page.role],
        rotation=page.rotation,
        skew_deg=page.skew_deg,
        dpi=page.dpi,
        width_mm=page.width_mm,
        height_mm=page.height_mm,
        blur=page.blur,
        text="" if is_long else page.text,
        marks=(*page.marks, TEXT_LEFT_OUT) if is_long else page.marks,
        twin=_ref(page.twin) if page.twin else None,
    )


def _ref(ref: ImageRef) -> wire.PageRef:
    return wire.PageRef(file=_short(ref.file), index=ref.index, sha256=bytes.fromhex(ref.sha256))


def _short(name: str) -> str:
    """A name as the centre takes it: of a very long path the end tells most."""
    return name if len(name) <= MAX_NAME else f"…{name[1 - MAX_NAME :]}"


def _field(field: Field) -> wire.Field:
    return wire.Field(
        name=field.name,
        value=field.value,
        raw=field.raw,
        confidence=field.confidence,
        accepted=field.accepted,
        check=_CHECKS[field.check],
        page=field.page,
        box=wire.BoxMm(**field.box_mm._asdict()) if field.box_mm else None,
    )


def lot(report: LotReport) -> wire.Lot:
    """Write the station's final count of a lot."""
    about = report.lot
    return wire.Lot(
        id=about.id,
        name=_short(about.name),
        site=report.site,
        station=report.station,
        channel=_CHANNELS[about.channel],
        received_at=Timestamp(seconds=int(about.received_at.timestamp())),
        fund=about.fund,
        process=about.process,
        priority=about.priority,
        expected_pages=about.expected_pages,
        counted_pages=report.counted_pages,
        documents=report.documents,
        document_pages=report.document_pages,
        loose_pages=report.loose_pages,
        set_aside=_set_aside(report.set_aside),
        state=report.state,
    )


def _set_aside(entries: Sequence[SetAside]) -> Iterable[wire.SetAside]:
    """The centre takes only so many: the last one stands for the rest."""
    told = entries[: MAX_SET_ASIDE - 1] if len(entries) > MAX_SET_ASIDE else entries
    for a in told:
        yield wire.SetAside(file=_short(a.file), page=a.page, code=a.code, reason=a.reason)
    if rest := len(entries) - len(told):
        yield wire.SetAside(code="others", reason=f"et {rest} autres")


def chunk(sha256: str, offset: int, size: int, data: bytes) -> intake_pb2.Up:
    """Carry one piece of a source file."""
    return intake_pb2.Up(
        chunk=intake_pb2.BlobChunk(
            sha256=bytes.fromhex(sha256),
            offset=offset,
            size=size,
            data=data,
            last=offset + len(data) >= size,
        )
    )


def rescan(message: fleet_pb2.RescanRequest) -> RescanRequest:
    """Read a request; a day of receipt that is none is left out."""
    try:
        received_on = dt.date.fromisoformat(message.received_on)
    except ValueError:
        received_on = None
    return RescanRequest(
        document_id=message.document_id,
        lot_name=message.lot_name,
        reason=message.reason,
        rescan_id=message.rescan_id,
        received_on=received_on,
        fund=message.fund,
        sheet=_sheet(message),
    )


def _sheet(message: fleet_pb2.RescanRequest) -> AskedSheet:
    """Which sheet is meant; a picture that is none, or too large, is left out."""
    is_picture = message.picture.startswith(_JPEG) and len(message.picture) <= MAX_PICTURE
    return AskedSheet(
        min(message.document_number, _MOST_COUNTED),
        "".join(c if c.isprintable() else " " for c in message.type_title)[:_MOST_TITLE],
        min(message.page, _MOST_COUNTED),
        min(message.pages, _MOST_COUNTED),
        message.picture if is_picture else b"",
    )


def rescan_impossible(answer: RescanImpossible) -> fleet_pb2.RescanImpossible:
    """Write that the operator cannot scan a document again."""
    return fleet_pb2.RescanImpossible(rescan_id=answer.rescan_id, reason=_short(answer.reason))


def heartbeat(beat: Heartbeat) -> fleet_pb2.Heartbeat:
    """Write how the station is."""
    backlog, condition = beat.backlog, beat.condition
    until = condition.certificate_until
    return fleet_pb2.Heartbeat(
        at=Timestamp(seconds=int(beat.at.timestamp())),
        backlog_documents=backlog.documents,
        backlog_bytes=backlog.bytes,
        free_disk_bytes=condition.free_disk_bytes,
        pages_per_minute=condition.pages_per_minute,
        lots_open=backlog.lots_open,
        lots_incomplete=backlog.lots_incomplete,
        versions=beat.versions,
        certificate_until=Timestamp(seconds=int(until.timestamp())) if until else None,
        rated_pages_per_minute=condition.rated_pages_per_minute,
    )
