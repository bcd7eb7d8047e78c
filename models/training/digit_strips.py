"""Real handwritten digits side by side: what a number looks like in real ink."""

import random

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training import cell_glyphs
from models.training.cell_glyphs import Part


def draw(rng: random.Random, part: Part) -> NDArray[np.uint8]:
    """A number of 4 to 14 digits, 24 to 60 pixels high: ink 255 on 0."""
    glyphs = []
    for _ in range(rng.randint(4, 14)):
        glyph = cell_glyphs.real(rng.choice(cell_glyphs.samples(part, str(rng.randint(0, 9)))))
        glyphs.append(np.pad(glyph, ((0, 0), (0, rng.randint(1, glyph.shape[1])))))
    high = max(len(glyph) for glyph in glyphs)
    line = np.hstack([np.pad(glyph, ((high - len(glyph), 0), (0, 0))) for glyph in glyphs])
    scale = rng.uniform(24, 60) / high
    small = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.pad(np.asarray(small, np.uint8), rng.randint(3, 8))
