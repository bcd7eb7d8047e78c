"""The one form in which a page travels through imaging and reading."""

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Gray: TypeAlias = NDArray[np.uint8]  # height × width, 0 black .. 255 white


@dataclass(frozen=True, slots=True)
class PageImage:
    """One decoded page.

    Attributes:
        gray: Height × width, uint8, 0 black .. 255 white, C-contiguous, as its orientation
            tag wants it shown (TIFF and EXIF orientations are already applied).
        dpi: Dots an inch, the same in both directions, at most 300.
        dpi_known: False when the file told none or an absurd one and it was guessed.
        marks: ``dpi_assumed``, ``resampled`` when the stored pixels were stretched to squares
            or lowered to 300 dpi, ``colormap_repaired``.
    """

    gray: Gray
    dpi: float
    dpi_known: bool
    marks: tuple[str, ...] = ()

    def digest(self) -> str:
        """Of the pixels, in hex: equal for one picture decoded from two copies of a file."""
        digest = hashlib.sha256(repr((self.gray.shape, self.dpi)).encode())
        digest.update(self.gray.data)
        return digest.hexdigest()
