"""TIFF files: any number of pages, each decoded from a small file of its own."""

from PIL import JpegImagePlugin, TiffImagePlugin

from edge.errors import FileTruncated, ImageUndecodable, NoPage
from edge.imaging import resolution, tiffpage
from edge.imaging.grey import to_gray
from edge.imaging.page import Gray, PageImage
from edge.imaging.raster import decoding
from edge.imaging.sniff import as_file
from edge.imaging.source import Data, Limits, Source
from edge.imaging.tiffdir import Directory, End, Tag, read_directory, read_layout, walk
from edge.imaging.tiffjpeg import whole_jpeg
from edge.imaging.tiffpreviews import pages_among
from edge.imaging.tiffsegments import OLD_JPEG

_CENTIMETRE = 3
_WHITE_IS_ZERO = 0
_FIRST_FIELDS = 64  # what a directory is stands at its beginning: fields are sorted by number


class TiffSource(Source):
    """A TIFF file.

    A page's index is its directory's place in the chain; previews are passed over. A chain of
    directories that loops ends where it bites its tail. One that points outside the file has
    lost pages: it counts one more, which raises ``FileTruncated`` when asked for, so that the
    loss is seen beside the pages that are there.
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
        self._indices = self._find_pages()

    def _find_pages(self) -> tuple[int, ...]:
        offsets = self._chain.offsets
        pages = pages_among(
            [read_directory(self._data, self._layout, at, _FIRST_FIELDS) for at in offsets]
        )
        return (*pages, len(offsets)) if self._chain.end is End.BROKEN else pages

    @property
    def indices(self) -> tuple[int, ...]:
        """See ``Source.indices``."""
        return self._indices

    def page(self, index: int) -> PageImage:
        """See ``Source.page``."""
        self.check_index(index)
        if index == len(self._chain.offsets):
            raise FileTruncated("the chain of TIFF directories leads outside the file")
        offset = self._chain.offsets[index]
        with decoding():
            directory = read_directory(self._data, self._layout, offset)
            width, height = tiffpage.check(directory, self._limits)
            gray, is_repaired = _gray(directory, offset, width, height)
            where = resolution.settle(width, height, _told(directory))
            marks = ("colormap_repaired",) if is_repaired else ()
            orientation = directory.integer(Tag.ORIENTATION, 1)
            return resolution.finish(gray, where, orientation, self._limits, marks)


def _gray(directory: Directory, offset: int, width: int, height: int) -> tuple[Gray, bool]:
    """Pixels of a page, and whether its colour map was repaired.

    A page in old-style JPEG is its whole stream where it has one. So is a page that the decoder
    refuses: no other decoder is tried on the page itself, since OpenCV's answers for a damaged
    page too, with a page of rubbish.
    """
    if directory.integer(Tag.COMPRESSION, 1) == OLD_JPEG:
        stream = whole_jpeg(directory, width, height)
        if stream is not None:
            return _decode_stream(stream, directory, width, height), False
    try:
        with decoding():
            lone = tiffpage.extract(directory, offset)
            gray = _decode(lone.data, lone.bits)
            if gray.shape != (height, width):
                raise ImageUndecodable("the decoded page has another size than announced")
            return gray, lone.repaired
    except ImageUndecodable:
        stream = whole_jpeg(directory, width, height)
        if stream is None:
            raise
        return _decode_stream(stream, directory, width, height), False


def _decode(data: bytes, bits: int) -> Gray:
    with TiffImagePlugin.TiffImageFile(as_file(data)) as image:
        return to_gray(image, bits)


def _decode_stream(stream: bytes, directory: Directory, width: int, height: int) -> Gray:
    """Decode a whole JPEG; rows and columns that fill up its last blocks are cut."""
    with JpegImagePlugin.JpegImageFile(as_file(stream)) as image:
        if image.mode == "RGB":
            image.draft("L", image.size)
        is_gray = image.mode == "L"
        gray = to_gray(image)[:height, :width]
    if gray.shape != (height, width):
        raise ImageUndecodable("the JPEG in the TIFF page has another size than announced")
    if is_gray and directory.integer(Tag.PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        return 255 - gray
    return gray


def _told(directory: Directory) -> tuple[float, float] | None:
    across = directory.numbers(Tag.X_RESOLUTION, 1)
    down = directory.numbers(Tag.Y_RESOLUTION, 1)
    if not across or not down:
        return None
    unit = 2.54 if directory.integer(Tag.RESOLUTION_UNIT, 2) == _CENTIMETRE else 1.0
    return across[0] * unit, down[0] * unit
