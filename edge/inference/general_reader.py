"""The general reader: PP-OCRv6-small from the rapidocr wheel, its recogniser cut to French.

Slow and good: about a second to find a page's lines and 40 ms to read one. The model files are
pinned by digest: a missing or altered one is an error, never a fall-back. The networks run here;
rapidocr's own code, which may download, is never imported.

The recogniser's last layer answers for 18,708 characters of all scripts; French needs about 150.
Keeping those rows costs no accuracy, saves a fifth of the time, and stops answers in Chinese. The
cut model is cached by the digest of what it came from.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import onnx
from cv2.typing import MatLike
from numpy.typing import NDArray
from onnx import numpy_helper, version_converter

from edge.errors import PackInvalid
from edge.inference import session as inference_session
from edge.inference.session import Session
from edge.ocr.engine import CHARSET, Alphabet, Gray, LineReading, Quad, ReadMode
from edge.ocr.lines import reading_order
from edge.ocr.network_io import Decoder

# Of the page given to the network; reading itself uses the full page. On the real pages 1,920,
# 1,536 and 1,280 find the same lines and lead to the same text (docs/decisions/0004-reading.md).
_LONGEST_PX = 1280
_LEAST_PX = 1024  # small pages are enlarged until their longest side has this
_TEXT_FROM = 0.3
_LINE_FROM = 0.5
_GROW = 1.6  # the map marks the core of a line; grow it by this share of area over length
_SMALLEST_PX = 3
_MOST_LINES = 1000


def find_lines(session: Session, page: Gray) -> list[Quad]:
    """Return the quads of all lines, in reading order."""
    height, width = page.shape
    if min(height, width) < _SMALLEST_PX:
        return []
    scale = _scale(height, width)
    size = tuple(max(32, round(side * scale / 32) * 32) for side in (width, height))
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    values = (small.astype(np.float32) / 255.0 - 0.5) / 0.5
    batch = np.ascontiguousarray(np.broadcast_to(values, (1, 3, *values.shape)))
    scores = session.run(batch)[0, 0]
    quads = _quads(scores, width / size[0], height / size[1])
    return reading_order(quads)


def _scale(height: int, width: int) -> float:
    longest = max(height, width)
    return min(1.0, _LONGEST_PX / longest) if longest >= _LEAST_PX else _LEAST_PX / longest


def _quads(scores: NDArray[np.float32], x_scale: float, y_scale: float) -> list[Quad]:
    mask = cv2.dilate((scores > _TEXT_FROM).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = []
    for contour in contours[:_MOST_LINES]:
        (cx, cy), (w, h), angle = cv2.minAreaRect(contour)
        if min(w, h) < _SMALLEST_PX or _mean_inside(scores, contour) < _LINE_FROM:
            continue
        grow = w * h * _GROW / (2 * (w + h))
        box = cv2.boxPoints(((cx, cy), (w + 2 * grow, h + 2 * grow), angle))
        quads.append(_ordered(np.asarray(box * np.array([x_scale, y_scale]), np.float32)))
    return quads


def _mean_inside(scores: NDArray[np.float32], contour: MatLike) -> float:
    left, top, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.asarray(contour, np.int32) - np.array([left, top], np.int32)], 1)
    return float(cv2.mean(scores[top : top + height, left : left + width], mask)[0])


def _ordered(box: NDArray[np.float32]) -> Quad:
    """Corners from the upper left, clockwise, for a box turned less than half a right angle."""
    by_x = box[np.argsort(box[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    upper_left, lower_left = left[np.argsort(left[:, 1])]
    upper_right, lower_right = right[np.argsort(right[:, 1])]
    corners = (upper_left, upper_right, lower_right, lower_left)
    return Quad(tuple((float(x), float(y)) for x, y in corners))


_OPSET = 17


def characters_of(model: onnx.ModelProto) -> list[str]:
    """Return the recogniser's characters, in the order of its outputs after the CTC blank."""
    for entry in model.metadata_props:
        if entry.key == "character":
            return [*entry.value.split("\n"), " "]
    raise PackInvalid("the recogniser tells no character list")


def cut_to_charset(data: bytes, charset: str = CHARSET) -> tuple[bytes, str]:
    """Keep the outputs of ``charset``; return the model and its characters without the blank.

    Args:
        data: The recogniser as released; its last layer is MatMul, Add, Softmax.
        charset: Characters to keep; those it never knew are left out.
    """
    model = onnx.load_from_string(data)
    characters = characters_of(model)
    kept = [i for i, char in enumerate(characters) if char == " " or char in charset]
    columns = np.array([0, *(i + 1 for i in kept)])
    softmax = model.graph.node[-1]
    width = len(characters) + 1
    heads = [t for t in model.graph.initializer if t.dims and t.dims[-1] == width]
    if softmax.op_type != "Softmax" or len(heads) != 2:
        raise PackInvalid("the recogniser's last layer is not as expected")
    for tensor in heads:
        values = numpy_helper.to_array(tensor)[..., columns]
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    cut_model = version_converter.convert_version(model, _OPSET)
    return cut_model.SerializeToString(), "".join(characters[i] for i in kept)


def load_cut_model(data: bytes, cache_dir: Path) -> tuple[bytes, str]:
    """Return the cut model and its characters, from the cache when it is there.

    Two processes may do this at once: each writes its own file and renames it into place.
    """
    key = hashlib.sha256(data + CHARSET.encode() + bytes([_OPSET, 1])).hexdigest()[:24]
    path = cache_dir / f"recogniser-{key}.onnx"
    if path.is_file():
        stored = path.read_bytes()
        digest, _, rest = stored.partition(b"\n")
        if hashlib.sha256(rest).hexdigest().encode() == digest:
            characters, _, model = rest.partition(b"\n")
            return model, characters.decode()
    model, text = cut_to_charset(data)
    rest = text.encode() + b"\n" + model
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache_dir, delete=False) as file:
        file.write(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
    return model, text


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


def locate_model(model: ModelFile) -> Path:
    """Return the file's path without importing its package."""
    try:
        root = metadata.distribution(model.package).locate_file(model.package)
    except metadata.PackageNotFoundError as error:
        raise PackInvalid(f"package {model.package} is not installed") from error
    return Path(str(root)) / model.path


def read_model(model: ModelFile) -> bytes:
    """Read and verify a model.

    Raises:
        PackInvalid: missing, unreadable, or other bytes than were released.
    """
    path = locate_model(model)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PackInvalid(f"{path}: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != model.sha256:
        raise PackInvalid(f"{path}: digest {found[:16]}, expected {model.sha256[:16]}")
    return data


_HEIGHT_PX = 48
_NARROWEST_PX = 48
_WIDEST_PX = 3200
# Crops run together up to this width in all, and only when none is padded by more than a fifth:
# on one core wider batches fall out of the cache (129 lines: 1.5 s so, 2.3 s at 9,600 px).
_BATCH_PX = 1600
_PADDED_TO = 1.2


def load_general_reader(cache_dir: Path, threads: int = 1) -> "GeneralReader":
    """Load the careful reader.

    Args:
        cache_dir: Where the cut recogniser is kept between starts.
        threads: Threads of each network.

    Raises:
        PackInvalid: a model file is missing, altered, or does not load.
    """
    recogniser, characters = load_cut_model(read_model(CAREFUL_RECOGNISER), cache_dir)
    return GeneralReader(
        Session(read_model(CAREFUL_DETECTOR), threads),
        Session(recogniser, threads),
        characters,
        {
            "detector": CAREFUL_DETECTOR.sha256[:16],
            "recogniser": hashlib.sha256(recogniser).hexdigest()[:16],
        },
    )


class GeneralReader:
    """``Readers`` (edge/ocr/engine.py) on two networks."""

    def __init__(
        self, finder: Session, reader: Session, characters: str, versions: Mapping[str, str]
    ) -> None:
        self._finder = finder
        self._reader = reader
        self._decoder = Decoder(characters)
        self._versions = versions

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and digest of each network."""
        return self._versions

    def find_lines(self, page: Gray) -> list[Quad]:
        """Find the text lines of a page, in reading order."""
        return find_lines(self._finder, page)

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: ReadMode = ReadMode.VALUE,  # noqa: ARG002  (always careful)
        skimmed: Sequence[LineReading] | None = None,  # noqa: ARG002
    ) -> list[LineReading]:
        """Read upright line crops of any height, one answer each, in order."""
        scaled = [_scaled(crop) for crop in crops]
        widths = [max(_NARROWEST_PX, int(line.shape[1])) for line in scaled]
        answers: dict[int, LineReading] = {}
        for chosen in inference_session.of_like_width(widths, _BATCH_PX, _PADDED_TO):
            batch = self._reader.run(_batch([scaled[i] for i in chosen]))
            for i, scores in zip(chosen, batch, strict=True):
                answers[i] = self._decoder.decode(scores, alphabet)
        return [answers[i] for i in range(len(scaled))]


def _scaled(crop: Gray) -> Gray:
    height, width = crop.shape
    if height == 0 or width == 0:
        return np.full((_HEIGHT_PX, _NARROWEST_PX), 255, np.uint8)
    wanted = int(np.clip(round(width * _HEIGHT_PX / height), 8, _WIDEST_PX))
    shrinking = height > _HEIGHT_PX
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (wanted, _HEIGHT_PX), interpolation=method), np.uint8)


def _batch(crops: Sequence[Gray]) -> NDArray[np.float32]:
    """Stack crops of similar width; the rest of a shorter one is the network's neutral grey."""
    width = max(_NARROWEST_PX, *(crop.shape[1] for crop in crops))
    batch = np.zeros((len(crops), 3, _HEIGHT_PX, width), np.float32)
    for row, crop in zip(batch, crops, strict=True):
        row[:, :, : crop.shape[1]] = (crop.astype(np.float32) / 255.0 - 0.5) / 0.5
    return batch
