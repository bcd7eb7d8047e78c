"""The page network and its prototypes, from the pack's ``onnx`` folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydantic
from numpy.typing import NDArray

from edge.classification import embedding
from edge.errors import PackInvalid
from edge.inference import session as inference_session
from edge.inference.session import Session

NAME = "page"
_LENGTH = 128
INPUT = (1, embedding.HEIGHT, embedding.WIDTH)
LABELS = (*(f"v{i}" for i in range(_LENGTH)), "0", "90", "180", "270")
_MOST_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class PageEmbeddings:
    """Of each page its unit vector (count × 128) and the scores of its turns (count × 4)."""

    vectors: NDArray[np.float32]
    turns: NDArray[np.float32]


class PageNetwork:
    """Looks at thumbnails; ``version`` is the first 16 digits of the model's SHA-256."""

    def __init__(self, session: Session, version: str) -> None:
        self._session = session
        self.version = version

    def look(self, thumbs: Sequence[embedding.Thumbnail]) -> PageEmbeddings:
        """Embed pages, a few at a time so that memory stays bounded."""
        answers = [
            self._session.run(
                embedding.batch([thumb.pixels for thumb in thumbs[start : start + _MOST_AT_ONCE]])
            )
            for start in range(0, len(thumbs), _MOST_AT_ONCE)
        ]
        both = np.concatenate(answers) if answers else np.zeros((0, _LENGTH + 4), np.float32)
        return PageEmbeddings(both[:, :_LENGTH], both[:, _LENGTH:])

    def upright(
        self, thumb: embedding.Thumbnail
    ) -> tuple[embedding.Orientation, NDArray[np.float32]]:
        """A page's orientation, and its vector the right way up."""
        first = self.look([thumb])
        orientation = embedding.orientation(thumb, first.turns[0])
        if orientation.rotation == thumb.turned:
            return orientation, first.vectors[0]
        again = embedding.Thumbnail(embedding.rotated(thumb, orientation.rotation), 0)
        return orientation, self.look([again]).vectors[0]


class _Prototypes(pydantic.BaseModel):
    network: str
    at_least: float
    ahead: float
    types: dict[str, list[list[float]]]


def load_network(pack_dir: Path, threads: int = 1) -> PageNetwork:
    """Load the page network of a pack.

    Raises:
        PackInvalid: the manifest, the model or its digest is wrong.
    """
    network, session = inference_session.open_network(pack_dir / "onnx", NAME, threads)
    if network.input_shape != INPUT or network.labels != LABELS:
        raise PackInvalid(f"{network.file}: takes {network.input_shape}, or answers otherwise")
    return PageNetwork(session, network.version)


def load_prototypes(pack_dir: Path, network: PageNetwork) -> embedding.Prototypes:
    """Load the prototypes that were made with a network, and those of enrolled forms.

    Raises:
        PackInvalid: missing, not to its schema, or made with another network.
    """
    shipped = _parsed(pack_dir / "onnx" / "page_prototypes.json")
    if shipped.network != network.version:
        raise PackInvalid("page_prototypes.json was made with another network")
    names = tuple(name for name, rows in shipped.types.items() for _ in rows)
    rows = [row for found in shipped.types.values() for row in found]
    known = embedding.Prototypes(
        _vectors(rows, "page_prototypes.json"), names, shipped.at_least, shipped.ahead
    )
    for path in sorted((pack_dir / "forms").glob("*.page.json")):
        added = _enrolled(path, network.version)
        if added is not None:
            known = known.with_type(path.name.removesuffix(".page.json"), added)
    return known


def _parsed(path: Path) -> _Prototypes:
    try:
        return _Prototypes.model_validate_json(path.read_bytes())
    except (OSError, pydantic.ValidationError) as error:
        raise PackInvalid(f"{path}: {error}") from error


def _enrolled(path: Path, version: str) -> NDArray[np.float32] | None:
    """An enrolled form's vectors; None when they were made with another network."""
    try:
        told = json.loads(path.read_bytes())
        if told["network"] != version:
            return None  # the form's anchors still serve; enrolling again renews its vectors
        return _vectors(told["vectors"], path.name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackInvalid(f"{path}: {error}") from error


def _vectors(rows: Sequence[Sequence[float]], name: str) -> NDArray[np.float32]:
    vectors = np.array(rows, np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != _LENGTH or not np.isfinite(vectors).all():
        raise PackInvalid(f"{name}: vectors of {_LENGTH} numbers are expected")
    return embedding.normalised(vectors)
