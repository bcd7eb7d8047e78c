"""Prototypes for the page network: where each type's pages lie, and how near is near enough.

A type gets its mean and, where its pages lie in several clusters, the middle of each. The
thresholds come from held-out pages: the least cosine and the least lead at which the wanted share
of pages of no known type is refused.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification import embedding
from edge.inference.page_network import INPUT, LABELS, NAME, PageNetwork, load_network
from models.training.pages.data import Pixels, Thumbs
from models.training.release import release
from vaguemestre import pack
from vaguemestre.model.document import Layout

_CLUSTERS = 4
_MOST_EACH = 120
_REFUSED = 0.99  # of pages of no known type, on the calibration pages

Vectors = NDArray[np.float32]


def vectors_of(network: PageNetwork, thumbs: Sequence[Pixels]) -> Vectors:
    """Unit vectors of upright thumbnails."""
    return network.look([embedding.Thumbnail(thumb, 0) for thumb in thumbs]).vectors


def measured_types() -> tuple[str, ...]:
    """Types whose layout was measured: only these can be known by how they look."""
    forms = pack.load(pack.default_dir()).forms
    return tuple(sorted(n for n, form in forms.items() if form.layout is Layout.VERIFIED))


def make(network: PageNetwork, data: Thumbs, types: Sequence[str]) -> dict[str, Vectors]:
    """Prototypes of each type from its drawn pages."""
    made = {}
    for name in types:
        chosen = [t for t, kind in zip(data.thumbs, data.types, strict=True) if kind == name]
        found = vectors_of(network, chosen[:_MOST_EACH])
        made[name] = clusters(found, _CLUSTERS)
    return made


def clusters(vectors: Vectors, count: int) -> Vectors:
    """The mean of all vectors, and the middles of at most ``count`` clusters."""
    mean = embedding.normalised(vectors.mean(axis=0, keepdims=True))
    if len(vectors) < 4 * count:
        return mean
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-4)
    cv2.setRNGSeed(1)
    empty = np.zeros((len(vectors), 1), np.int32)
    _, _, middles = cv2.kmeans(vectors, count, empty, stop, 3, cv2.KMEANS_PP_CENTERS)
    return np.concatenate([mean, embedding.normalised(np.asarray(middles, np.float32))])


def joined(
    made: dict[str, Vectors], at_least: float = -1.0, ahead: float = 0.0
) -> embedding.Prototypes:
    """As the station holds them."""
    types = tuple(name for name, rows in made.items() for _ in rows)
    return embedding.Prototypes(np.concatenate(list(made.values())), types, at_least, ahead)


_TRAINED_ON = "pages of all kinds and invented forms, drawn with Debian fonts and soiled by program"


def threshold(known: embedding.Prototypes, strangers: Vectors) -> float:
    """The least cosine at which the wanted share of strangers is refused."""
    found = [embedding.nearest_type(vector, known).cosine for vector in strangers]
    return float(np.quantile(found, _REFUSED))


def main() -> None:
    """Write ``page_prototypes.json`` and the network's section of ``manifest.toml``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("thumbs", type=Path, help="drawn for training")
    parser.add_argument("calibration", type=Path, help="drawn held-out, for the thresholds only")
    options = parser.parse_args()
    folder = pack.default_dir() / "onnx"
    release((folder / "page.onnx").read_bytes(), NAME, INPUT, LABELS, _TRAINED_ON)
    network = load_network(pack.default_dir())
    types = measured_types()
    made = make(network, Thumbs(options.thumbs), types)
    held = Thumbs(options.calibration)
    strangers = [t for t, n in zip(held.thumbs, held.types, strict=True) if n not in types]
    at_least = threshold(joined(made), vectors_of(network, strangers))
    told = {
        "network": network.version,
        "at_least": round(at_least, 4),
        "ahead": 0.05,
        "types": {
            name: [[round(float(value), 5) for value in row] for row in rows]
            for name, rows in made.items()
        },
    }
    (folder / "page_prototypes.json").write_text(json.dumps(told) + "\n", "utf-8")
    print(len(strangers), at_least, {name: len(rows) for name, rows in made.items()})


if __name__ == "__main__":
    main()
