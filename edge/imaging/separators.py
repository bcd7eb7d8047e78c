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
    for code in barcodes.read(gray):
        if ours := headersheet.decode(code.text):
            return ours
        if code.text == _PATCH_T_TEXT:
            return Separator(SeparatorKind.PATCH_T, code.text)
        if any(fnmatch.fnmatchcase(code.text, pattern) for pattern in named):
            return Separator(SeparatorKind.BARCODE, code.text)
    patch = patchcode.find(gray, dpi)
    return None if patch is None else Separator(patch)
