"""From a line's picture to what the line reader takes in; training and reading share it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.reading.readers import Gray

HEIGHT_PX = 32
STRIDE_PX = 4  # of the picture's width for one step of the answer
_NARROWEST_PX, _WIDEST_PX = 16, 2400
_LEAST_CONTRAST = 40.0  # grey levels: what is flatter is paper, not faint ink


def line_tensor(image: Gray) -> NDArray[np.float32]:
    """Scale a line to the reader's height and its grey to 0 for paper .. 1 for ink.

    Args:
        image: Height × width, of any size and polarity.

    Returns:
        32 × width.
    """
    height, width = image.shape
    if height == 0 or width == 0:
        return np.zeros((HEIGHT_PX, _NARROWEST_PX), np.float32)
    wanted = int(np.clip(round(width * HEIGHT_PX / height), _NARROWEST_PX, _WIDEST_PX))
    method = cv2.INTER_AREA if height > HEIGHT_PX else cv2.INTER_LINEAR
    scaled = cv2.resize(image, (wanted, HEIGHT_PX), interpolation=method)
    counted = np.cumsum(np.bincount(scaled.ravel(), minlength=256))
    low, middle, high = np.searchsorted(counted, np.array((0.01, 0.6, 0.99)) * scaled.size)
    values = scaled.astype(np.float32)
    if high - middle > middle - low:  # white letters on a dark bar
        values, low, middle = 255.0 - values, 255 - high, 255 - middle
    contrast = np.float32(max(_LEAST_CONTRAST, float(middle - low)))
    return np.asarray(np.clip((np.float32(middle) - values) / contrast, -0.25, 1.0), np.float32)


def stacked(tensors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Lines as one batch, n × 1 × 32 × the widest; paper fills the rest."""
    widest = max(tensor.shape[1] for tensor in tensors)
    batch = np.zeros((len(tensors), 1, HEIGHT_PX, widest), np.float32)
    for row, tensor in zip(batch, tensors, strict=True):
        row[0, :, : tensor.shape[1]] = tensor
    return batch
