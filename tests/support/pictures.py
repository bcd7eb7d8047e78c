"""Small pages that look different whichever way they are turned, and their files."""

import io
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits, PageImage

Gray = NDArray[np.uint8]

ORIENTATIONS = range(1, 9)


def page(width: int = 400, height: int = 300, ink: int = 0) -> Gray:
    """A sheet with a block at its upper left, a bar down its right side and a slanted line."""
    made = np.full((height, width), 255, np.uint8)
    made[20 : height // 3, 20 : width // 2] = ink
    made[height // 2 : height - 30, width - 60 : width - 30] = ink
    cv2.line(made, (30, height - 25), (width // 2, height - 60), ink, 3)
    return made


def ramp(width: int = 400, height: int = 300) -> Gray:
    """Every grey value, darker to the left and the top."""
    across = np.linspace(0, 200, width)[None, :] + np.linspace(0, 55, height)[:, None]
    return np.asarray(np.round(across), np.uint8)


def stored(shown: Gray, orientation: int) -> Gray:
    """How a file with this orientation tag stores what is to be shown so.

    After the TIFF specification: the tag says which sides of the shown page row 0 and column 0
    of the stored one are.
    """
    row0, column0 = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    made = shown.T if row0 in ("left", "right") else shown
    made = made[::-1] if row0 in ("bottom", "right") else made
    return np.ascontiguousarray(made[:, ::-1] if column0 in ("bottom", "right") else made)


def encoded(image: Gray | Image.Image, kind: str, **options: Any) -> bytes:
    """One image in a format that Pillow writes; 100 dpi unless ``dpi`` says otherwise."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    options.setdefault("dpi", (100, 100))
    if options["dpi"] is None:
        del options["dpi"]
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def tiff(
    *images: Gray | Image.Image,
    compression: str | None = None,
    tags: Mapping[int, Any] | None = None,
    **more: Any,
) -> bytes:
    """A TIFF of one page or more, all with one compression."""
    pages = [i if isinstance(i, Image.Image) else Image.fromarray(i) for i in images]
    more.setdefault("tiffinfo", dict(tags or {}))
    return encoded(
        pages[0],
        "TIFF",
        compression=compression,
        save_all=True,
        append_images=pages[1:],
        **more,
    )


def bitonal(gray: Gray) -> Image.Image:
    """Black and white, one bit a pixel."""
    return Image.fromarray(np.where(gray > 127, 255, 0).astype(np.uint8)).convert("1")


def decoded(data: bytes, index: int = 0) -> PageImage:
    """A page of a source file, within the usual limits."""
    with open_source(data, Limits()) as source:
        return source.page(index)


def assert_same(expected: Gray, found: Gray, within: float = 0.0) -> None:
    """Two pictures of one size, whose grey differs by no more than ``within`` in the mean."""
    assert found.shape == expected.shape
    assert float(np.abs(found.astype(int) - expected.astype(int)).mean()) <= within
