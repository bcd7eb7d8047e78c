"""TIFF files: any number of pages, each decoded from a small file of its own."""

from PIL import TiffImagePlugin

from edge.errors import FileTruncated, ImageUndecodable, NoPage
from edge.imaging import resolution, tiffpage
from edge.imaging.grey import to_gray
from edge.imaging.page import Gray, PageImage
from edge.imaging.raster import decoding
from edge.imaging.sniff import as_file
from edge.imaging.source import Data, Limits, Source
from edge.imaging.tiffdir import Directory, End, Tag, read_directory, read_layout, walk
from edge.imaging.tiffpage import Lone

_CENTIMETRE = 3


class TiffSource(Source):
    """A TIFF file.

    A chain of directories that loops ends where it bites its tail. One that points outside
    the file has lost pages: it counts one more, which raises ``FileTruncated`` when asked
    for, so that the loss is seen beside the pages that are there.
    """

    def __init__(self, data: Data, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._layout = read_layout(data)
        self._chain = walk(data, self._layout, limits.max_pages)
        if not self._chain.offsets:
            if self._chain.end is End.BROKEN:
                raise FileTruncated("the first TIFF directory lies outside the file")
            raise NoPage("the TIFF file has no directory")

    @property
    def page_count(self) -> int:
        """See ``Source.page_count``."""
        return len(self._chain.offsets) + (self._chain.end is End.BROKEN)

    def page(self, index: int) -> PageImage:
        """See ``Source.page``."""
        self.check_index(index)
        if index == len(self._chain.offsets):
            raise FileTruncated("the chain of TIFF directories leads outside the file")
        offset = self._chain.offsets[index]
        with decoding():
            directory = read_directory(self._data, self._layout, offset)
            width, height = tiffpage.check(directory, self._limits)
            lone = tiffpage.extract(directory, offset)
            gray = _decode(lone)
            if gray.shape != (height, width):
                raise ImageUndecodable("the decoded page has another size than announced")
            where = resolution.settle(width, height, _told(directory))
            marks = ("colormap_repaired",) if lone.repaired else ()
            orientation = directory.integer(Tag.ORIENTATION, 1)
            return resolution.finish(gray, where, orientation, self._limits, marks)


def _decode(lone: Lone) -> Gray:
    # No second decoder is tried: OpenCV's answers for a damaged page too, with a page of rubbish.
    with TiffImagePlugin.TiffImageFile(as_file(lone.data)) as image:
        return to_gray(image, lone.bits)


def _told(directory: Directory) -> tuple[float, float] | None:
    across = directory.numbers(Tag.X_RESOLUTION, 1)
    down = directory.numbers(Tag.Y_RESOLUTION, 1)
    if not across or not down:
        return None
    unit = 2.54 if directory.integer(Tag.RESOLUTION_UNIT, 2) == _CENTIMETRE else 1.0
    return across[0] * unit, down[0] * unit
