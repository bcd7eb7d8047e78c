from vaguemestre.v1 import document_pb2 as _document_pb2
from vaguemestre.v1 import fleet_pb2 as _fleet_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Up(_message.Message):
    __slots__ = ("hello", "chunk", "document", "lot", "heartbeat", "rescan_impossible")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    LOT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESCAN_IMPOSSIBLE_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    chunk: BlobChunk
    document: _document_pb2.Document
    lot: _document_pb2.Lot
    heartbeat: _fleet_pb2.Heartbeat
    rescan_impossible: _fleet_pb2.RescanImpossible
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., chunk: _Optional[_Union[BlobChunk, _Mapping]] = ..., document: _Optional[_Union[_document_pb2.Document, _Mapping]] = ..., lot: _Optional[_Union[_document_pb2.Lot, _Mapping]] = ..., heartbeat: _Optional[_Union[_fleet_pb2.Heartbeat, _Mapping]] = ..., rescan_impossible: _Optional[_Union[_fleet_pb2.RescanImpossible, _Mapping]] = ...) -> None: ...

class Down(_message.Message):
    __slots__ = ("welcome", "blob_stored", "document_stored", "lot_stored", "refusal", "rescan", "pack", "rescan_closed")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    BLOB_STORED_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_STORED_FIELD_NUMBER: _ClassVar[int]
    LOT_STORED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    RESCAN_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    RESCAN_CLOSED_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    blob_stored: BlobStored
    document_stored: DocumentStored
    lot_stored: LotStored
    refusal: Refusal
    rescan: _fleet_pb2.RescanRequest
    pack: _fleet_pb2.PackWanted
    rescan_closed: _fleet_pb2.RescanClosed
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., blob_stored: _Optional[_Union[BlobStored, _Mapping]] = ..., document_stored: _Optional[_Union[DocumentStored, _Mapping]] = ..., lot_stored: _Optional[_Union[LotStored, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., rescan: _Optional[_Union[_fleet_pb2.RescanRequest, _Mapping]] = ..., pack: _Optional[_Union[_fleet_pb2.PackWanted, _Mapping]] = ..., rescan_closed: _Optional[_Union[_fleet_pb2.RescanClosed, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("site", "station", "versions", "rescans")
    class VersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SITE_FIELD_NUMBER: _ClassVar[int]
    STATION_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    RESCANS_FIELD_NUMBER: _ClassVar[int]
    site: str
    station: str
    versions: _containers.ScalarMap[str, str]
    rescans: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, site: _Optional[str] = ..., station: _Optional[str] = ..., versions: _Optional[_Mapping[str, str]] = ..., rescans: _Optional[_Iterable[str]] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("window", "max_chunk_bytes", "max_blob_bytes", "versions", "max_document_bytes")
    class VersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    MAX_CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BLOB_BYTES_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_DOCUMENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    window: int
    max_chunk_bytes: int
    max_blob_bytes: int
    versions: _containers.ScalarMap[str, str]
    max_document_bytes: int
    def __init__(self, window: _Optional[int] = ..., max_chunk_bytes: _Optional[int] = ..., max_blob_bytes: _Optional[int] = ..., versions: _Optional[_Mapping[str, str]] = ..., max_document_bytes: _Optional[int] = ...) -> None: ...

class BlobChunk(_message.Message):
    __slots__ = ("sha256", "offset", "size", "data", "last")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    offset: int
    size: int
    data: bytes
    last: bool
    def __init__(self, sha256: _Optional[bytes] = ..., offset: _Optional[int] = ..., size: _Optional[int] = ..., data: _Optional[bytes] = ..., last: _Optional[bool] = ...) -> None: ...

class BlobStored(_message.Message):
    __slots__ = ("sha256",)
    SHA256_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    def __init__(self, sha256: _Optional[bytes] = ...) -> None: ...

class DocumentStored(_message.Message):
    __slots__ = ("id", "already")
    ID_FIELD_NUMBER: _ClassVar[int]
    ALREADY_FIELD_NUMBER: _ClassVar[int]
    id: str
    already: bool
    def __init__(self, id: _Optional[str] = ..., already: _Optional[bool] = ...) -> None: ...

class LotStored(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("subject", "code", "permanent", "reason")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    PERMANENT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    subject: str
    code: str
    permanent: bool
    reason: str
    def __init__(self, subject: _Optional[str] = ..., code: _Optional[str] = ..., permanent: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...
