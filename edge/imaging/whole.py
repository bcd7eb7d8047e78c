"""Is a file complete to its end, or still being written?

Only what a scanner writes last is looked at; whether the content can be decoded is another
question. An empty file, zeros and any format that is not known are no proof of an end: a scanner
may have made room and not yet written. They are waited for like a file that lacks its end.
"""

import mmap

from edge.errors import FileTruncated, TooManyPages
from edge.imaging.sniff import Kind, sniff
from edge.imaging.tiffdir import End, read_directory, read_layout, walk
from edge.imaging.tiffsegments import segment_work, segments_inside

_TAIL_BYTES = 2048
_MOST_PAGES = 20_000
# Directories may overlap: a file of 100 MB can name its strips 20,000 times over.
_MOST_NUMBERS, _MOST_NUMBERS_A_PAGE = 4_000_000, 200_000


def is_whole(data: bytes | mmap.mmap) -> bool:
    """Look at the end of a file.

    Args:
        data: All of it.
    """
    kind = sniff(data)
    tail = bytes(data[-_TAIL_BYTES:])
    match kind:
        case Kind.PDF:
            return b"%%EOF" in tail and b"startxref" in tail
        case Kind.JPEG:
            return b"\xff\xd9" in tail
        case Kind.PNG:
            return b"IEND" in tail
        case Kind.TIFF:
            return _tiff_is_whole(data)
        case _:
            return False


def _tiff_is_whole(data: bytes | mmap.mmap) -> bool:
    try:
        layout = read_layout(data)
        chain = walk(data, layout, _MOST_PAGES)
    except FileTruncated:
        return False
    except TooManyPages:
        return True
    if chain.end is End.BROKEN or not chain.offsets:
        return False
    numbers = 0
    for at in chain.offsets:
        directory = read_directory(data, layout, at)
        here = segment_work(directory)
        numbers += here + len(directory.entries)
        if here > _MOST_NUMBERS_A_PAGE or numbers > _MOST_NUMBERS:
            return True  # no scanner's: reading it will say so
        if not segments_inside(directory):
            return False
    return True
