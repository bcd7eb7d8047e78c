"""Labelled samples for training, written to a folder that its owner alone can read.

``labels.jsonl`` has one JSON object a line (models/training/lines/samples.py reads it), ``crops``
the fields' pictures, cut from the stored originals with a little margin. Both are personal data.
"""

import contextlib
import hashlib
import json
import os
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path

from PIL import Image

from central.blobs import BlobStore
from central.documents.store import SeenPage
from central.errors import BlobCorrupt, BlobMissing, InputInvalid
from central.keying.rules import find_field_spec
from central.page_images import previews
from central.rendering.runner import Renderer
from central.samples.store import Sample
from vaguemestre.model.plan import Plan

LABELS, CROPS = "labels.jsonl", "crops"
MARGIN_MM = 1.0
_OWNER_ONLY = 0o600
_HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What came of an export; ``lost``: their image is gone or cannot be read."""

    samples: int
    lost: int


def prepare_folder(folder: Path) -> None:
    """Make the folder, or see that it is empty and nobody else may read it.

    Raises:
        InputInvalid: it is not so, or cannot be made.
    """
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        mode = folder.stat().st_mode
        if not stat.S_ISDIR(mode) or any(folder.iterdir()):
            raise InputInvalid(f"{folder} : un dossier vide est attendu")
        if mode & 0o077:
            raise InputInvalid(f"{folder} : d'autres comptes peuvent le lire (chmod 700)")
        (folder / CROPS).mkdir(mode=0o700)
    except OSError as error:
        raise InputInvalid(f"{folder} : {error.strerror}") from error


def write_samples(
    folder: Path, samples: Sequence[Sample], plan: Plan, blobs: BlobStore
) -> ExportResult:
    """Write samples into a folder that ``prepare_folder`` has seen.

    Raises:
        BlobStoreUnavailable: the images are out of reach; what was written stays.
        InputInvalid: the folder cannot be written to, as when its disk is full.
    """
    written = 0
    try:
        with _create(folder / LABELS) as labels:
            for number, (sample, crop) in enumerate(_crops(samples, blobs), start=1):
                name = f"{CROPS}/{number:06}.png"
                with _create(folder / name) as file:
                    crop.save(file, "PNG")
                label = {"file": name, **_label(sample, plan)}
                labels.write(json.dumps(label, ensure_ascii=False).encode() + b"\n")
                written = number
            labels.flush()
            os.fsync(labels.fileno())
    except OSError as error:
        raise InputInvalid(f"{folder} : {error.strerror}") from error
    return ExportResult(written, len(samples) - written)


def document_hash(document_id: uuid.UUID) -> str:
    """Tells the samples of one document from those of others, and not which document it is."""
    return hashlib.sha256(b"vaguemestre sample" + document_id.bytes).hexdigest()[:_HASH_DIGITS]


def _crops(samples: Sequence[Sample], blobs: BlobStore) -> Iterator[tuple[Sample, Image.Image]]:
    """Each sample with its picture; a page whose fields follow each other is decoded once."""
    last: tuple[bytes, SeenPage] | None = None
    page: Image.Image | None = None
    with contextlib.closing(Renderer(at_once=1)) as renderer:
        for sample in samples:
            view = _view(sample)
            if last != (sample.sha256, view):
                last, page = (sample.sha256, view), _page(blobs, renderer, view)
            if page is not None:
                yield sample, previews.crop_zone(page, view, sample.box_mm, MARGIN_MM)


def _page(blobs: BlobStore, renderer: Renderer, view: SeenPage) -> Image.Image | None:
    try:
        with blobs.at_hand(view.sha256) as file:
            return renderer.render(file, previews.view_of(view))
    except (BlobMissing, BlobCorrupt, ValueError):
        return None


def _view(sample: Sample) -> SeenPage:
    return SeenPage(
        sha256=sample.sha256,
        index=sample.file_index,
        rotation=sample.rotation,
        skew_deg=sample.skew_deg,
        width_mm=sample.width_mm,
        height_mm=sample.height_mm,
    )


def _label(sample: Sample, plan: Plan) -> dict[str, object]:
    return {
        "document": document_hash(sample.document_id),
        "type": sample.type,
        "field": sample.field,
        "kind": find_field_spec(plan.of(sample.type), sample.field).kind,
        "truth": sample.truth,
        "reason": sample.reason,
        "reading": sample.machine_value,
        "raw": sample.raw,
        "confidence": sample.machine_confidence,
        "accepted": sample.machine_accepted,
        "pass": sample.key_pass,
        "dpi": sample.dpi,
        "height_mm": sample.box_mm[3],
        "versions": dict(sample.versions),
    }


def _create(path: Path) -> BufferedWriter:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    return os.fdopen(descriptor, "wb")
