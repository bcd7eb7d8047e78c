import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Heartbeat(_message.Message):
    __slots__ = ("at", "backlog_documents", "backlog_bytes", "free_disk_bytes", "pages_per_minute", "lots_open", "lots_incomplete", "versions", "certificate_until", "rated_pages_per_minute")
    class VersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    AT_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_DISK_BYTES_FIELD_NUMBER: _ClassVar[int]
    PAGES_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    LOTS_OPEN_FIELD_NUMBER: _ClassVar[int]
    LOTS_INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    RATED_PAGES_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    backlog_documents: int
    backlog_bytes: int
    free_disk_bytes: int
    pages_per_minute: float
    lots_open: int
    lots_incomplete: int
    versions: _containers.ScalarMap[str, str]
    certificate_until: _timestamp_pb2.Timestamp
    rated_pages_per_minute: float
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., backlog_documents: _Optional[int] = ..., backlog_bytes: _Optional[int] = ..., free_disk_bytes: _Optional[int] = ..., pages_per_minute: _Optional[float] = ..., lots_open: _Optional[int] = ..., lots_incomplete: _Optional[int] = ..., versions: _Optional[_Mapping[str, str]] = ..., certificate_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rated_pages_per_minute: _Optional[float] = ...) -> None: ...

class RescanRequest(_message.Message):
    __slots__ = ("document_id", "lot_name", "reason", "rescan_id", "received_on", "fund", "document_number", "type_title", "page", "pages", "picture")
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LOT_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESCAN_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_ON_FIELD_NUMBER: _ClassVar[int]
    FUND_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TYPE_TITLE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    document_id: str
    lot_name: str
    reason: str
    rescan_id: str
    received_on: str
    fund: str
    document_number: int
    type_title: str
    page: int
    pages: int
    picture: bytes
    def __init__(self, document_id: _Optional[str] = ..., lot_name: _Optional[str] = ..., reason: _Optional[str] = ..., rescan_id: _Optional[str] = ..., received_on: _Optional[str] = ..., fund: _Optional[str] = ..., document_number: _Optional[int] = ..., type_title: _Optional[str] = ..., page: _Optional[int] = ..., pages: _Optional[int] = ..., picture: _Optional[bytes] = ...) -> None: ...

class RescanImpossible(_message.Message):
    __slots__ = ("rescan_id", "reason")
    RESCAN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    rescan_id: str
    reason: str
    def __init__(self, rescan_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RescanClosed(_message.Message):
    __slots__ = ("rescan_id",)
    RESCAN_ID_FIELD_NUMBER: _ClassVar[int]
    rescan_id: str
    def __init__(self, rescan_id: _Optional[str] = ...) -> None: ...

class PackWanted(_message.Message):
    __slots__ = ("version", "sha256")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    version: str
    sha256: bytes
    def __init__(self, version: _Optional[str] = ..., sha256: _Optional[bytes] = ...) -> None: ...
