"""Is this page a separator, and of what kind?

Our own sheets first, then barcodes that the settings name and the ``PATCHT`` code of common
separator sheets, then patch codes by their bars.
"""

import fnmatch
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.document import Separator, SeparatorKind
from edge.imaging import barcodes, headersheet, patchcode

_PATCH_T_TEXT = "PATCHT"


def find(gray: NDArray[np.uint8], dpi: float, named: Sequence[str]) -> Separator | None:
    """Look at one page.

    Args:
        gray: Height × width, any way up.
        dpi: Its resolution.
        named: Texts of barcodes that separate, ``*`` and ``?`` as in file names.
    """
    texts = [code.text for code in barcodes.read(gray, any_kind=bool(named))]
    for text in texts:
        if ours := headersheet.decode(text):
            return ours
    for text in texts:
        if text == _PATCH_T_TEXT:
            return Separator(SeparatorKind.PATCH_T, text)
        if any(fnmatch.fnmatchcase(text, pattern) for pattern in named):
            return Separator(SeparatorKind.BARCODE, text)
    patch = patchcode.find(gray, dpi)
    return None if patch is None else Separator(patch)
