"""Which directories of a TIFF file are pages, and which only show a page again.

Scanners and viewers add previews (tag 254, or 255 in old files). A preview is no page. The mark
alone is not enough, since some writers set it on pages too: what bears it is left out only when
it is small beside a page, or no larger than a stamp. Nothing is left out of a file of which
nothing would be left.
"""

from collections.abc import Sequence
from typing import NamedTuple

from edge.imaging.tiffdir import Directory, Tag

_REDUCED, _MASK = 1, 4  # bits of tag 254
_OLD_REDUCED = 2  # value of tag 255
_TRANSPARENCY_MASK = 4  # photometric interpretation
_SMALLER = 1.5  # times, from which a directory may be another one's preview
_SAME_SHAPE = 0.05  # by which their proportions may differ
_STAMP_PX = 320  # long side of what is too small for any page, whatever its shape


class _Look(NamedTuple):
    width: int
    height: int
    is_marked: bool  # as a smaller image of another, or as a mask over it


def pages_among(directories: Sequence[Directory]) -> tuple[int, ...]:
    """Places of the pages in the chain, from 0, ascending.

    Args:
        directories: All of the chain, in its order.

    Raises:
        FileTruncated: a field's values lie outside the file.
    """
    looks = [_look(directory) for directory in directories]
    unmarked = [place for place, look in enumerate(looks) if not look.is_marked]
    if not unmarked or len(unmarked) == len(looks):
        return tuple(range(len(looks)))
    return tuple(
        place
        for place, look in enumerate(looks)
        if not look.is_marked or not _is_preview(look, looks, unmarked, place)
    )


def _look(directory: Directory) -> _Look:
    kind = directory.integer(Tag.SUBFILE, 0)
    is_mask = bool(kind & _MASK) and directory.integer(Tag.PHOTOMETRIC, 0) == _TRANSPARENCY_MASK
    is_reduced = bool(kind & _REDUCED) or directory.integer(Tag.OLD_SUBFILE, 0) == _OLD_REDUCED
    width, height = directory.integer(Tag.WIDTH, 0), directory.integer(Tag.HEIGHT, 0)
    return _Look(width, height, is_mask or is_reduced)


def _is_preview(look: _Look, looks: Sequence[_Look], unmarked: Sequence[int], place: int) -> bool:
    """Whether a marked directory shows the page before or after it again."""
    if max(look.width, look.height) <= _STAMP_PX:
        return True
    before = [other for other in unmarked if other < place][-1:]
    after = [other for other in unmarked if other > place][:1]
    return any(_shows_again(look, looks[other]) for other in (*before, *after))


def _shows_again(small: _Look, page: _Look) -> bool:
    if min(small.width, small.height, page.width, page.height) <= 0:
        return False
    across, down = page.width / small.width, page.height / small.height
    return min(across, down) >= _SMALLER and abs(across - down) <= _SAME_SHAPE * max(across, down)
