"""What the blank itself shows around a tick's box, and where a scan's window lies on it.

A blank is a window of the form without anybody's ink, measured in four steps of darkness from a
blank sheet that a fund has (``edge.enrolment.blanks``). A form may have several printings: all
ticks of a page together say which it is, since a wrong one is worse than none. Where a window
resembles its blank most is where the box lies: a registration may be some tenths of a millimetre
off, which is as much as a letter's stroke.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ocr.engine import Gray
from vaguemestre.model import blanks as model_blanks

WIDE_PX, HIGH_PX = model_blanks.WIDE_PX, model_blanks.HIGH_PX
MARGIN_PX = 5  # so far a window is looked for beside its place
STEPS = (0.06, 0.15, 0.35)  # of the paper's brightness: darker than that is the next step
DARKNESS = (0.0, 0.1, 0.23, 0.6)  # about how dark each step is

_PAPER = 95  # per cent of a window's pixels are darker than paper, or as bright
_BROAD_PX = 15  # what is as wide as that is shade, not print
_LEAST_ALIKE = 0.25  # a window that is less alike is not moved onto its blank
_PRINTING_ALIKE = 0.55  # of a page's windows the middle one: below, it is no printing that we know
_PER_PX = 0.01  # of likeness: so much better has to be what lies a pixel farther off


@dataclass(frozen=True, slots=True)
class Place:
    """How many pixels beside its place a window lies on its blank, and how alike it is (-1..1)."""

    x: int
    y: int
    likeness: float


def measured(picture: Gray) -> Gray:
    """The steps (0 paper to 3 black) of a clean blank's window, 64 × 80."""
    return np.digitize(darkness(picture), STEPS).astype(np.uint8)


def packed(steps: Gray) -> str:
    """Steps as a form's file has them."""
    four = steps.reshape(-1, 4).astype(np.uint8)
    joined = four[:, 0] | four[:, 1] << 2 | four[:, 2] << 4 | four[:, 3] << 6
    return model_blanks.pack(joined.astype(np.uint8).tobytes())


@functools.lru_cache(maxsize=1024)
def unpacked(text: str) -> Gray:
    """The steps again, 64 × 80.

    Raises:
        ValueError: not what ``packed`` made.
    """
    joined = np.frombuffer(model_blanks.unpack(text), np.uint8)
    four = np.stack([joined >> shift & 3 for shift in (0, 2, 4, 6)], axis=1)
    steps = four.reshape(HIGH_PX, WIDE_PX)
    steps.flags.writeable = False
    return steps


@dataclass(frozen=True, slots=True)
class Printing:
    """A printing that a page shows: its number, and where each window lies on its blank.

    A place is None where a window does not resemble its blank.
    """

    number: int
    places: tuple[Place | None, ...]


def printing(seen: Sequence[Gray], blanks: Sequence[Sequence[Gray]]) -> Printing | None:
    """Which of its form's printings a page shows; None when it is none of them.

    Args:
        seen: The windows of the page's ticks, each with ``MARGIN_PX`` on each side.
        blanks: The steps of each of them, a printing after the other.
    """
    count = min((len(some) for some in blanks), default=0)
    best: Printing | None = None
    best_likeness = _PRINTING_ALIKE
    for number in range(count):
        places = [_nearest(one, some[number]) for one, some in zip(seen, blanks, strict=True)]
        alike = [place.likeness for place in places if place is not None]
        if alike and (likeness := float(np.median(alike))) >= best_likeness:
            best, best_likeness = Printing(number, tuple(map(_if_alike, places))), likeness
    return best


def place(seen: Gray, steps: Gray) -> Place | None:
    """Where a window lies on its blank; None when it does not resemble it.

    Args:
        seen: The window with ``MARGIN_PX`` on each side.
        steps: Of the blank.
    """
    return _if_alike(_nearest(seen, steps))


def _if_alike(found: Place | None) -> Place | None:
    return found if found is not None and found.likeness >= _LEAST_ALIKE else None


def _nearest(seen: Gray, steps: Gray) -> Place | None:
    """Where it is most alike; None when the blank has no print there."""
    wanted = _wanted(steps.tobytes())
    if not wanted.any():
        return None
    alike = cv2.matchTemplate(_print(darkness(seen)), wanted, cv2.TM_CCOEFF_NORMED) - _FARTHER
    y, x = divmod(int(alike.argmax()), alike.shape[1])
    return Place(x - MARGIN_PX, y - MARGIN_PX, float(alike[y, x]))


def darkness(picture: Gray) -> NDArray[np.float32]:
    """How dark against the window's paper, 0 to 1."""
    counted = np.cumsum(np.bincount(picture.ravel(), minlength=256))
    paper = max(1, int(np.searchsorted(counted, _PAPER / 100 * picture.size)))
    return np.clip(1 - picture.astype(np.float32) / paper, 0, 1)


def expected(steps: Gray) -> NDArray[np.float32]:
    """About how dark a blank is, 0 to 1."""
    return np.array(DARKNESS, np.float32)[steps]


def _print(dark: NDArray[np.float32]) -> NDArray[np.float32]:
    """Letters, rules and edges; no shade."""
    size = (_BROAD_PX, _BROAD_PX)
    return np.asarray(dark - cv2.blur(dark, size, borderType=cv2.BORDER_REPLICATE), np.float32)


@functools.lru_cache(maxsize=1024)
def _wanted(steps: bytes) -> NDArray[np.float32]:
    return _print(expected(np.frombuffer(steps, np.uint8).reshape(HIGH_PX, WIDE_PX)))


_SIDE = np.arange(-MARGIN_PX, MARGIN_PX + 1, dtype=np.float32)
_FARTHER = np.hypot(_SIDE[:, None], _SIDE[None, :]).astype(np.float32) * np.float32(_PER_PX)
