"""Write characters by hand into the cells of a form: real digits, letters of handwriting fonts."""

import random

import cv2
import numpy as np
from PIL import Image

from models.training.cell_glyphs import Part
from models.training.cell_source import Source
from vaguemestre.model.document import BoxMm

_INK = (15, 90)  # grey
_HEIGHT = (0.58, 0.85)  # of the cell's, but no more than _TALLEST_MM
_TALLEST_MM = 4.2
_DRIFT_MM, _LOOSE_MM = 0.3, 0.22  # of the whole page, of each character
_UNEVEN = 0.09  # of a character's height against the others


class Handwriting:
    """One person's writing on one page."""

    def __init__(self, part: Part, rng: random.Random) -> None:
        self._chance = np.random.default_rng(rng.getrandbits(32))
        self._source = Source(part, True, self._chance, is_plain=True)
        self._ink = int(self._chance.integers(*_INK))
        self._share = float(self._chance.uniform(*_HEIGHT))
        self._drift = self._chance.normal(0, _DRIFT_MM, 2).clip(-2 * _DRIFT_MM, 2 * _DRIFT_MM)

    def write(self, image: Image.Image, cell: BoxMm, char: str, x_px: float, y_px: float) -> None:
        """Write one character.

        Args:
            image: The page, grey; changed.
            cell: Where, in millimetres.
            char: A digit or a capital.
            x_px: Pixels a millimetre, across.
            y_px: Pixels a millimetre, down.
        """
        glyph, share = self._source.glyph(char)
        usual = min(cell.height, _TALLEST_MM / self._share) * self._share * min(share, 1.3)
        high = usual * float(np.exp(self._chance.normal(0, _UNEVEN)))
        wide = high * glyph.shape[1] / glyph.shape[0]
        if wide > cell.width:
            high, wide = high * cell.width / wide, cell.width
        size = (max(1, round(wide * x_px)), max(1, round(high * y_px)))
        ink = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)
        off = self._drift + self._chance.normal(0, _LOOSE_MM, 2)
        x = (cell.left + cell.width / 2 + off[0]) * x_px - size[0] / 2
        y = (cell.top + cell.height / 2 + off[1]) * y_px - size[1] / 2
        image.paste(self._ink, (round(x), round(y)), Image.fromarray(np.asarray(ink, np.uint8)))
