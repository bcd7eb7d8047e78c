"""A page that no one sent, in every format: read once before a process is confined.

What libraries import late, and the buffers that they keep, are there from then on.
"""

import io
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

_WIDTH, _HEIGHT, _DPI = 850, 600, (150, 150)
_WORDS = ("MONTANT TOTAL 26,50 EUR", "le 12/03/2026", "NOM Prenom 1 84 12 17 300 125 84")


def files() -> Iterator[bytes]:
    """The page as a file of each kind that is read."""
    page = np.full((_HEIGHT, _WIDTH), 255, np.uint8)
    for row, words in enumerate(_WORDS):
        cv2.putText(page, words, (40, 120 + 150 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    gray = Image.fromarray(page)
    for image, kind, options in (
        (gray, "PNG", {}),
        (gray, "JPEG", {}),
        (gray.convert("RGB"), "TIFF", {"compression": "jpeg"}),
        (gray, "TIFF", {"compression": "tiff_lzw"}),
        (gray.convert("1"), "TIFF", {"compression": "group4"}),
        (gray, "PDF", {}),
    ):
        held = io.BytesIO()
        image.save(held, kind, dpi=_DPI, **options)
        yield held.getvalue()
