"""Quarter turns."""

import numpy as np
from numpy.typing import NDArray


def turn(gray: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """Turn a page clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(gray, k=-(rotation // 90)))
