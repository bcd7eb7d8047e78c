"""The model files in use, by digest: a missing or altered one is an error, never a fall-back."""

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from edge.errors import PackInvalid


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A network that another package ships; its digest was taken from the release in use."""

    package: str
    path: str
    sha256: str


CAREFUL_DETECTOR = ModelFile(
    "rapidocr",
    "models/PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
CAREFUL_RECOGNISER = ModelFile(
    "rapidocr",
    "models/PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)


def locate(model: ModelFile) -> Path:
    """Return the file's path without importing its package."""
    try:
        root = metadata.distribution(model.package).locate_file(model.package)
    except metadata.PackageNotFoundError as error:
        raise PackInvalid(f"package {model.package} is not installed") from error
    return Path(str(root)) / model.path


def read(model: ModelFile) -> bytes:
    """Read and verify a model.

    Raises:
        PackInvalid: missing, unreadable, or other bytes than were released.
    """
    path = locate(model)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PackInvalid(f"{path}: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != model.sha256:
        raise PackInvalid(f"{path}: digest {found[:16]}, expected {model.sha256[:16]}")
    return data
