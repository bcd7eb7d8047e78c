"""A smaller image to work on."""

import cv2
import numpy as np
from numpy.typing import NDArray


def lowered(gray: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """A page at ``scale`` of its size, at most its own, never less than one pixel wide or high."""
    if scale >= 1:
        return gray
    size = tuple(max(1, round(side * scale)) for side in gray.shape[::-1])
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
