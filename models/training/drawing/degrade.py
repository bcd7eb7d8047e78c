"""What scanners, copiers and telephones do to a page: small seeded faults, and a mix of them.

Every fault takes a grey page (height × width), its resolution and a source of chance, and
returns a page of the same kind; lengths are in millimetres, so that a fault looks the same at any
resolution. Quarter turns are not among them: they change what is true of a page.
"""

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Fault = Callable[[Pixels, float, random.Random], Pixels]


def scan(page: Pixels, rng: random.Random, *, most_skew: float = 1.5) -> Pixels:
    """An honest office scan: a little turned, a little soft, a little noisy."""
    height, width = page.shape
    turn = placed(page, rng, most_skew=most_skew)
    moved = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_AREA, borderValue=255)
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 0.7))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 7), page.shape)
    tone = rng.uniform(0.93, 1.0)
    return np.asarray(np.clip(soft * tone + noise, 0, 255), np.uint8)


def placed(page: Pixels, rng: random.Random, *, most_skew: float) -> NDArray[np.float64]:
    """Where the sheet comes to lie: a map (2 × 3) from its pixels to the scan's."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D(
        (width / 2, height / 2), rng.uniform(-most_skew, most_skew), rng.uniform(0.99, 1.0)
    )
    turn[:, 2] += np.array([rng.uniform(-6, 6), rng.uniform(-6, 6)])
    return np.asarray(turn, np.float64)


def bitonal(page: Pixels) -> Pixels:
    """Black and white as a scanner's own threshold makes it: local, a little coarse."""
    small = cv2.GaussianBlur(page, (0, 0), 0.6)
    return np.asarray(
        cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 41, 18),
        np.uint8,
    )


def skew(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """Turned by up to 4 degrees, shifted by up to 6 mm, enlarged or shrunk by up to 6 %."""
    height, width = page.shape
    turn = np.asarray(
        cv2.getRotationMatrix2D(
            (width / 2, height / 2), rng.uniform(-4, 4), rng.uniform(0.94, 1.06)
        ),
        np.float64,
    )
    turn[:, 2] += np.array([rng.uniform(-6, 6), rng.uniform(-6, 6)]) * (dpi / 25.4)
    return np.asarray(
        cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=255),
        np.uint8,
    )


def blur(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """Out of focus by 0.1 to 0.3 mm."""
    return np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.1, 0.3) * dpi / 25.4), np.uint8)


def noise(page: Pixels, _: float, rng: random.Random) -> Pixels:
    """Sensor noise, of one tile laid over the page from a place by chance."""
    grain = np.random.default_rng(rng.getrandbits(32))
    tile = grain.standard_normal((256, 256), np.float32) * rng.uniform(3, 16)
    height, width = page.shape
    over = np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width]
    return np.asarray(np.clip(page + over, 0, 255), np.uint8)


def threshold(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """Black and white at 200 dpi, whatever the resolution drawn at, by a local or global limit."""
    scale = max(1.0, 200 / dpi)
    size = (round(page.shape[1] * scale), round(page.shape[0] * scale))
    large = cv2.resize(page, size, interpolation=cv2.INTER_LINEAR)
    ink, paper = (float(np.percentile(page[::3, ::3], share)) for share in (0.5, 60))
    depth = max(20.0, paper - ink)  # limits follow the page's contrast, as scanners' do
    if rng.random() < 0.5:
        mean = cv2.blur(large, (41, 41))
        limit = cv2.subtract(mean, np.full_like(mean, round(depth * rng.uniform(0.07, 0.2))))
        made = cv2.compare(large, limit, cv2.CMP_GE)
    else:
        made = cv2.threshold(large, paper - depth * rng.uniform(0.2, 0.6), 255, cv2.THRESH_BINARY)[
            1
        ]
    back = cv2.resize(made, page.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(back, np.uint8)


def jpeg(page: Pixels, _: float, rng: random.Random) -> Pixels:
    """Stored with little quality."""
    _, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(15, 60)])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def low_contrast(page: Pixels, _: float, rng: random.Random) -> Pixels:
    """Pale ink on grey paper."""
    black, white = rng.randint(40, 130), rng.randint(190, 250)
    table = np.linspace(black, white, 256).astype(np.uint8)
    return np.asarray(cv2.LUT(page, table), np.uint8)


def fold(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """A shadow along a fold across the sheet, or down it."""
    made = page.astype(np.float32)
    length = page.shape[0] if (across := rng.random() < 0.7) else page.shape[1]
    at = rng.choice((1 / 3, 1 / 2, 2 / 3)) * length + rng.uniform(-5, 5) * dpi / 25.4
    distance = np.abs(np.arange(length, dtype=np.float32) - at) * 25.4 / dpi
    shade = 1 - rng.uniform(0.15, 0.5) * np.exp(-distance / rng.uniform(0.4, 2.0))
    made *= shade[:, None] if across else shade[None, :]
    return np.asarray(made, np.uint8)


def punch_holes(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """Two or four holes at the left edge, dark as the scanner's background."""
    made, px = page.copy(), dpi / 25.4
    count, middle = rng.choice((2, 4)), page.shape[0] / 2
    for number in range(count):
        y = middle + (number - (count - 1) / 2) * 80 * px
        centre = (round(rng.uniform(9, 13) * px), round(y))
        cv2.circle(made, centre, max(1, round(3 * px)), rng.randint(0, 60), -1)
    return made


def stamp(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """A stamp over whatever stands there, anywhere on the sheet."""
    px, layer = dpi / 25.4, np.full(page.shape, 255, np.uint8)
    x, y = rng.uniform(0.1, 0.75) * page.shape[1], rng.uniform(0.03, 0.9) * page.shape[0]
    width, height = rng.uniform(35, 60) * px, rng.uniform(10, 24) * px
    ink = rng.randint(50, 140)
    corner, end = (round(x), round(y)), (round(x + width), round(y + height))
    cv2.rectangle(layer, corner, end, ink, max(1, round(0.7 * px)))
    words = rng.choice(("REÇU LE", "ARRIVEE", "COURRIER", "COPIE")).replace("Ç", "C")
    text = f"{words} {rng.randint(1, 28):02d} {rng.choice(('JAN', 'MAI', 'SEP'))} 2026"
    place = (round(x + 2 * px), round(y + height * 0.65))
    scale = width / max(1, cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)[0][0]) * 0.92
    cv2.putText(layer, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, max(1, round(0.5 * px)))
    middle = (x + width / 2, y + height / 2)
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(-25, 25), 1.0)
    layer = np.asarray(cv2.warpAffine(layer, turn, page.shape[::-1], borderValue=255), np.uint8)
    return np.minimum(page, layer)


def black_border(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """The scanner's background on one to three sides, up to 8 mm, not quite parallel."""
    made, (height, width) = page.copy(), page.shape
    for side in rng.sample(range(4), rng.randint(1, 3)):
        a, b = (rng.uniform(1, 8) * dpi / 25.4 for _ in range(2))
        corners = (
            ((0, 0), (a, 0), (b, height), (0, height)),
            ((width - a, 0), (width, 0), (width, height), (width - b, height)),
            ((0, 0), (width, 0), (width, a), (0, b)),
            ((0, height - a), (width, height - b), (width, height), (0, height)),
        )[side]
        cv2.fillPoly(made, [np.array(corners, np.int32)], rng.randint(0, 40))
    return made


def drop_out(page: Pixels, _: float, rng: random.Random) -> Pixels:
    """A scanner's drop-out colour: tints and pale rules are gone, dark print stays."""
    return np.where(page > rng.randint(130, 210), 255, page).astype(np.uint8)


def show_through(page: Pixels, _: float, rng: random.Random) -> Pixels:
    """What stands on the other side shines through, mirrored: here the page's own shapes."""
    ghost = cv2.GaussianBlur(page[:, ::-1], (0, 0), 1.2).astype(np.float32)
    pale = 255 - (255 - np.roll(ghost, rng.randint(-9, 9), axis=0)) * rng.uniform(0.06, 0.2)
    return np.asarray(np.minimum(page, pale), np.uint8)


def photo(page: Pixels, _: float, rng: random.Random) -> Pixels:
    """Taken by telephone: perspective, a dark table around it, light from one side."""
    height, width = page.shape
    ends = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    reach = rng.uniform(0.01, 0.07)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    chance = np.array([[rng.random(), rng.random()] for _ in range(4)], np.float32)
    target = ends + inwards * chance * reach * np.array([width, height], np.float32)
    matrix = cv2.getPerspectiveTransform(ends, target.astype(np.float32))
    table = rng.randint(20, 170)
    made = cv2.warpPerspective(page, matrix, (width, height), borderValue=table)
    across = np.linspace(rng.uniform(0.55, 1), rng.uniform(0.55, 1), width, dtype=np.float32)
    down = np.linspace(rng.uniform(0.7, 1), rng.uniform(0.7, 1), height, dtype=np.float32)
    return np.asarray(made * across[None, :] * down[:, None], np.uint8)


FAULTS: Mapping[str, tuple[Fault, float]] = MappingProxyType({
    "show_through": (show_through, 0.08),
    "stamp": (stamp, 0.12),
    "fold": (fold, 0.12),
    "drop_out": (drop_out, 0.08),
    "punch_holes": (punch_holes, 0.12),
    "skew": (skew, 0.75),
    "photo": (photo, 0.08),
    "black_border": (black_border, 0.12),
    "blur": (blur, 0.3),
    "low_contrast": (low_contrast, 0.12),
    "noise": (noise, 0.3),
    "threshold": (threshold, 0.35),
    "jpeg": (jpeg, 0.2),
})  # fmt: skip


def mixed(page: Pixels, dpi: float, rng: random.Random) -> tuple[Pixels, tuple[str, ...]]:
    """Faults as they come together in real mail, with their names in the order applied."""
    done = []
    for name, (fault, chance) in FAULTS.items():
        if rng.random() < chance:
            page = fault(page, dpi, rng)
            done.append(name)
    return page, tuple(done)
