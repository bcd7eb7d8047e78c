"""What a page looks like as a whole: its thumbnail, which end is up, which known page is nearest.

A network turns a thumbnail into a unit vector and a score for each quarter turn; nothing in it is
tied to the list of types. A type is one prototype or several, compared by cosine; a page far from
all of them is unknown. So a form is enrolled by adding vectors, without training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Vector = NDArray[np.float32]

HEIGHT, WIDTH = 384, 272  # A4 upright at 33 dpi: titles of 4 mm are five pixels high
_TURNS = (0, 90, 180, 270)
_MOVES = (  # degrees, scale, pixels across and down
    (0, 1, 7, 0), (0, 1, -7, 0), (0, 1, 0, 7), (0, 1, 0, -7), (0, 0.95, 0, 0), (0, 1.05, 0, 0),
    (1.5, 1, 0, 0), (-1.5, 1, 0, 0), (0, 0.96, 5, 5), (0, 1.04, -5, -5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A page made small, HEIGHT × WIDTH.

    ``turned`` is the clockwise turn, 0 or 90, that made a page wider than tall upright in shape.
    """

    pixels: Gray
    turned: int


@dataclass(frozen=True, slots=True)
class Prototypes:
    """Unit vectors (count × length), the type of each, and how near is near enough.

    ``at_least`` is the least cosine to be of a type at all, ``ahead`` by how much it must lead
    the best other type.
    """

    vectors: Vector
    types: tuple[str, ...]
    at_least: float
    ahead: float

    def with_type(self, name: str, vectors: Vector) -> "Prototypes":
        """The same with a type added, or put in place of its former self."""
        kept = [i for i, known in enumerate(self.types) if known != name]
        return Prototypes(
            np.concatenate([self.vectors[kept], normalised(vectors)]),
            (*(self.types[i] for i in kept), *[name] * len(vectors)),
            self.at_least,
            self.ahead,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest type, its cosine, and the lead over the best other one.

    ``is_known`` is False when the page is too far from all, or between two.
    """

    type: str
    cosine: float
    lead: float
    is_known: bool


@dataclass(frozen=True, slots=True)
class Orientation:
    """The clockwise turn to apply in degrees, and how sure that is (0..1)."""

    rotation: int
    confidence: float


def thumbnail(gray: Gray) -> Thumbnail:
    """Fit a page into the network's input, whole, on white."""
    turned = 90 if gray.shape[1] > gray.shape[0] else 0
    height, width = gray.shape if not turned else gray.shape[::-1]
    scale = min(HEIGHT / height, WIDTH / width)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    size = (columns, rows) if not turned else (rows, columns)
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if turned:
        small = np.rot90(small, k=-1)
    made = np.full((HEIGHT, WIDTH), 255, np.uint8)
    top, left = (HEIGHT - rows) // 2, (WIDTH - columns) // 2
    made[top : top + rows, left : left + columns] = small
    return Thumbnail(made, turned)


def rotated(thumb: Thumbnail, rotation: int) -> Gray:
    """A thumbnail's pixels after the clockwise turn of its page by ``rotation``."""
    turned = np.rot90(thumb.pixels, k=-((rotation - thumb.turned) // 90))
    return thumbnail(np.ascontiguousarray(turned)).pixels if turned.shape[0] != HEIGHT else turned


def batch(thumbs: Sequence[Gray]) -> NDArray[np.float32]:
    """Thumbnails as the network takes them: count × 1 × HEIGHT × WIDTH, ink near 1, paper 0."""
    return np.asarray((255 - np.stack(thumbs)[:, None].astype(np.float32)) / 255, np.float32)


def normalised(vectors: Vector) -> Vector:
    """Vectors of length one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


def orientation(thumb: Thumbnail, scores: Vector) -> Orientation:
    """Which turn makes the page upright.

    Args:
        thumb: As given to the network.
        scores: One for each turn that was done to an upright page, 0, 90, 180, 270.
    """
    shares = np.exp(scores - scores.max())
    best = int(np.argmax(shares))
    undo = -_TURNS[best]
    return Orientation((thumb.turned + undo) % 360, float(shares[best] / shares.sum()))


def nearest_type(vector: Vector, known: Prototypes) -> Match:
    """The type whose prototype is nearest to a page's unit vector."""
    best = by_type(vector, known)
    (first, cosine), *others = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    lead = cosine - others[0][1] if others else 1.0
    return Match(first, cosine, lead, cosine >= known.at_least and lead >= known.ahead)


def by_type(vector: Vector, known: Prototypes) -> Mapping[str, float]:
    """Each type's best cosine."""
    cosines = known.vectors @ vector
    best: dict[str, float] = {}
    for name, cosine in zip(known.types, cosines, strict=True):
        best[name] = max(best.get(name, -1.0), float(cosine))
    return best


def augmented(page: Gray) -> list[Gray]:
    """A thumbnail as other scans of the same sheet would give it, itself first.

    One sample says nothing of how scans of a form differ: shifted, enlarged, askew, pale, bold,
    in black and white. Always the same ones, so that enrolling twice gives the same.
    """
    moved = [_moved(page, *how) for how in _MOVES]
    paper = int(np.median(page[::4, ::4]))
    dark = np.minimum(page, paper)
    pale = np.asarray(255 - (255 - dark.astype(np.float32)) * 0.5, np.uint8)
    bold = np.asarray(cv2.erode(page, np.ones((2, 2), np.uint8)), np.uint8)
    soft = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.0), np.uint8)
    limit = (int(np.percentile(page, 2)) + paper) / 2
    bitonal = np.where(page > limit, 255, 0).astype(np.uint8)
    dropped = np.where(page > 0.6 * paper, 255, page).astype(np.uint8)
    return [page, *moved, pale, bold, soft, bitonal, dropped]


def _moved(page: Gray, degrees: float, scale: float, across: float, down: float) -> Gray:
    middle = (WIDTH / 2, HEIGHT / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, degrees, scale), np.float64)
    matrix[:, 2] += (across, down)
    return np.asarray(cv2.warpAffine(page, matrix, (WIDTH, HEIGHT), borderValue=255), np.uint8)


def enrolled_prototypes(samples: Sequence[Vector]) -> Vector:
    """The prototypes of a type: the mean of all samples' vectors, and each of them.

    Args:
        samples: For each sample the vectors of its variants, the sample itself first.
    """
    unit = [normalised(vectors) for vectors in samples]
    means = [vectors.mean(axis=0, keepdims=True) for vectors in unit]
    middle = np.mean(means, axis=0)
    return normalised(np.concatenate([middle, *means, *unit]))
