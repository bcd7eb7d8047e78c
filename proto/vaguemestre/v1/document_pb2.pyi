import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANNEL_UNSPECIFIED: _ClassVar[Channel]
    CHANNEL_SCANNER: _ClassVar[Channel]
    CHANNEL_MAILBOX: _ClassVar[Channel]
    CHANNEL_PLATFORM: _ClassVar[Channel]
    CHANNEL_UPLOAD: _ClassVar[Channel]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_FRONT: _ClassVar[Role]
    ROLE_BACK: _ClassVar[Role]
    ROLE_ATTACHMENT: _ClassVar[Role]
    ROLE_BLANK: _ClassVar[Role]
    ROLE_SEPARATOR: _ClassVar[Role]

class Layout(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LAYOUT_UNSPECIFIED: _ClassVar[Layout]
    LAYOUT_VERIFIED: _ClassVar[Layout]
    LAYOUT_UNVERIFIED: _ClassVar[Layout]

class Check(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECK_UNSPECIFIED: _ClassVar[Check]
    CHECK_OK: _ClassVar[Check]
    CHECK_REPAIRED: _ClassVar[Check]
    CHECK_FAILED: _ClassVar[Check]
    CHECK_NONE: _ClassVar[Check]

class RouteKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUTE_KIND_UNSPECIFIED: _ClassVar[RouteKind]
    ROUTE_KIND_STRAIGHT: _ClassVar[RouteKind]
    ROUTE_KIND_NAME: _ClassVar[RouteKind]
    ROUTE_KIND_KEY: _ClassVar[RouteKind]
CHANNEL_UNSPECIFIED: Channel
CHANNEL_SCANNER: Channel
CHANNEL_MAILBOX: Channel
CHANNEL_PLATFORM: Channel
CHANNEL_UPLOAD: Channel
ROLE_UNSPECIFIED: Role
ROLE_FRONT: Role
ROLE_BACK: Role
ROLE_ATTACHMENT: Role
ROLE_BLANK: Role
ROLE_SEPARATOR: Role
LAYOUT_UNSPECIFIED: Layout
LAYOUT_VERIFIED: Layout
LAYOUT_UNVERIFIED: Layout
CHECK_UNSPECIFIED: Check
CHECK_OK: Check
CHECK_REPAIRED: Check
CHECK_FAILED: Check
CHECK_NONE: Check
ROUTE_KIND_UNSPECIFIED: RouteKind
ROUTE_KIND_STRAIGHT: RouteKind
ROUTE_KIND_NAME: RouteKind
ROUTE_KIND_KEY: RouteKind

class BoxMm(_message.Message):
    __slots__ = ("left", "top", "width", "height")
    LEFT_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    left: float
    top: float
    width: float
    height: float
    def __init__(self, left: _Optional[float] = ..., top: _Optional[float] = ..., width: _Optional[float] = ..., height: _Optional[float] = ...) -> None: ...

class PageRef(_message.Message):
    __slots__ = ("file", "index", "sha256")
    FILE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    file: str
    index: int
    sha256: bytes
    def __init__(self, file: _Optional[str] = ..., index: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class Page(_message.Message):
    __slots__ = ("ref", "role", "rotation", "skew_deg", "dpi", "width_mm", "height_mm", "blur", "text", "marks", "twin")
    REF_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ROTATION_FIELD_NUMBER: _ClassVar[int]
    SKEW_DEG_FIELD_NUMBER: _ClassVar[int]
    DPI_FIELD_NUMBER: _ClassVar[int]
    WIDTH_MM_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_MM_FIELD_NUMBER: _ClassVar[int]
    BLUR_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    TWIN_FIELD_NUMBER: _ClassVar[int]
    ref: PageRef
    role: Role
    rotation: int
    skew_deg: float
    dpi: float
    width_mm: float
    height_mm: float
    blur: float
    text: str
    marks: _containers.RepeatedScalarFieldContainer[str]
    twin: PageRef
    def __init__(self, ref: _Optional[_Union[PageRef, _Mapping]] = ..., role: _Optional[_Union[Role, str]] = ..., rotation: _Optional[int] = ..., skew_deg: _Optional[float] = ..., dpi: _Optional[float] = ..., width_mm: _Optional[float] = ..., height_mm: _Optional[float] = ..., blur: _Optional[float] = ..., text: _Optional[str] = ..., marks: _Optional[_Iterable[str]] = ..., twin: _Optional[_Union[PageRef, _Mapping]] = ...) -> None: ...

class Field(_message.Message):
    __slots__ = ("name", "value", "raw", "confidence", "accepted", "check", "page", "box")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    raw: str
    confidence: float
    accepted: bool
    check: Check
    page: int
    box: BoxMm
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., raw: _Optional[str] = ..., confidence: _Optional[float] = ..., accepted: _Optional[bool] = ..., check: _Optional[_Union[Check, str]] = ..., page: _Optional[int] = ..., box: _Optional[_Union[BoxMm, _Mapping]] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("kind", "reasons", "process", "pole", "destination", "due_on", "retention")
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    POLE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    kind: RouteKind
    reasons: _containers.RepeatedScalarFieldContainer[str]
    process: str
    pole: str
    destination: str
    due_on: str
    retention: str
    def __init__(self, kind: _Optional[_Union[RouteKind, str]] = ..., reasons: _Optional[_Iterable[str]] = ..., process: _Optional[str] = ..., pole: _Optional[str] = ..., destination: _Optional[str] = ..., due_on: _Optional[str] = ..., retention: _Optional[str] = ...) -> None: ...

class Document(_message.Message):
    __slots__ = ("id", "lot_id", "site", "station", "channel", "received_at", "received_on", "fund", "type", "type_confidence", "runner_up", "layout", "route", "pages", "fields", "marks", "versions", "lot_name", "position", "priority", "rescan_id")
    class VersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    STATION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_ON_FIELD_NUMBER: _ClassVar[int]
    FUND_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TYPE_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    RUNNER_UP_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    LOT_NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    RESCAN_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    lot_id: str
    site: str
    station: str
    channel: Channel
    received_at: _timestamp_pb2.Timestamp
    received_on: str
    fund: str
    type: str
    type_confidence: float
    runner_up: str
    layout: Layout
    route: Route
    pages: _containers.RepeatedCompositeFieldContainer[Page]
    fields: _containers.RepeatedCompositeFieldContainer[Field]
    marks: _containers.RepeatedScalarFieldContainer[str]
    versions: _containers.ScalarMap[str, str]
    lot_name: str
    position: int
    priority: int
    rescan_id: str
    def __init__(self, id: _Optional[str] = ..., lot_id: _Optional[str] = ..., site: _Optional[str] = ..., station: _Optional[str] = ..., channel: _Optional[_Union[Channel, str]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_on: _Optional[str] = ..., fund: _Optional[str] = ..., type: _Optional[str] = ..., type_confidence: _Optional[float] = ..., runner_up: _Optional[str] = ..., layout: _Optional[_Union[Layout, str]] = ..., route: _Optional[_Union[Route, _Mapping]] = ..., pages: _Optional[_Iterable[_Union[Page, _Mapping]]] = ..., fields: _Optional[_Iterable[_Union[Field, _Mapping]]] = ..., marks: _Optional[_Iterable[str]] = ..., versions: _Optional[_Mapping[str, str]] = ..., lot_name: _Optional[str] = ..., position: _Optional[int] = ..., priority: _Optional[int] = ..., rescan_id: _Optional[str] = ...) -> None: ...

class Lot(_message.Message):
    __slots__ = ("id", "name", "site", "station", "channel", "received_at", "fund", "process", "priority", "expected_pages", "counted_pages", "documents", "document_pages", "loose_pages", "set_aside", "state")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    STATION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    FUND_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_PAGES_FIELD_NUMBER: _ClassVar[int]
    COUNTED_PAGES_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_PAGES_FIELD_NUMBER: _ClassVar[int]
    LOOSE_PAGES_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    site: str
    station: str
    channel: Channel
    received_at: _timestamp_pb2.Timestamp
    fund: str
    process: str
    priority: int
    expected_pages: int
    counted_pages: int
    documents: int
    document_pages: int
    loose_pages: int
    set_aside: _containers.RepeatedCompositeFieldContainer[SetAside]
    state: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., site: _Optional[str] = ..., station: _Optional[str] = ..., channel: _Optional[_Union[Channel, str]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fund: _Optional[str] = ..., process: _Optional[str] = ..., priority: _Optional[int] = ..., expected_pages: _Optional[int] = ..., counted_pages: _Optional[int] = ..., documents: _Optional[int] = ..., document_pages: _Optional[int] = ..., loose_pages: _Optional[int] = ..., set_aside: _Optional[_Iterable[_Union[SetAside, _Mapping]]] = ..., state: _Optional[str] = ...) -> None: ...

class SetAside(_message.Message):
    __slots__ = ("file", "page", "code", "reason")
    FILE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    file: str
    page: int
    code: str
    reason: str
    def __init__(self, file: _Optional[str] = ..., page: _Optional[int] = ..., code: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
