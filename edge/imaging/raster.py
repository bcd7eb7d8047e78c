"""JPEG and PNG: one page a file."""

import contextlib
from collections.abc import Iterator

from PIL import Image, JpegImagePlugin, PngImagePlugin

from edge.errors import FileTruncated, ImageUndecodable, PageTooLarge, ReadingError
from edge.imaging import resolution
from edge.imaging.grey import to_gray
from edge.imaging.page import Gray, PageImage
from edge.imaging.sniff import Kind, as_file
from edge.imaging.source import Data, Limits, Source

_ORIENTATION = 0x0112
_CUT_SHORT = ("truncated", "Truncated", "unexpected end")


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Translate whatever a decoder raises; broken files reach every corner of Pillow.

    Raises:
        PageTooLarge: memory ran out.
        FileTruncated: the decoder says that data is missing.
        ImageUndecodable: anything else.
    """
    try:
        yield
    except ReadingError:
        raise
    except MemoryError as error:
        raise PageTooLarge("not enough memory to decode the page") from error
    except Exception as error:
        if any(word in str(error) for word in _CUT_SHORT):
            raise FileTruncated(str(error)) from error
        raise ImageUndecodable(f"{type(error).__name__}: {error}") from error


class RasterSource(Source):
    """A JPEG or PNG file. Only its first image is a page, as viewers show it."""

    def __init__(self, data: Data, kind: Kind, limits: Limits) -> None:
        with decoding():
            # The class itself, not Image.open: no other decoder can be talked into the job,
            # and the size is checked here instead of by Pillow's global limit.
            opener = JpegImagePlugin.JpegImageFile
            image: Image.Image = (
                opener(as_file(data))
                if kind is Kind.JPEG
                else PngImagePlugin.PngImageFile(as_file(data))
            )
        limits.check_pixels(*image.size)
        self._image = image
        self._limits = limits

    @property
    def indices(self) -> range:
        """Always one."""
        return range(1)

    def page(self, index: int) -> PageImage:
        """See ``Source.page``."""
        self.check_index(index)
        image = self._image
        with decoding():
            size = image.size
            gray = self._gray(image)
        told = _told(image)
        where = resolution.settle(*size, told)
        return resolution.finish(gray, where, _orientation(image), self._limits)

    def _gray(self, image: Image.Image) -> Gray:
        if image.mode == "RGB":
            image.draft("L", image.size)  # JPEG: its luma alone, a third of the memory
        image.load()
        return to_gray(image)

    def close(self) -> None:
        """See ``Source.close``."""
        self._image.close()


def _told(image: Image.Image) -> tuple[float, float] | None:
    with contextlib.suppress(TypeError, ValueError, ZeroDivisionError):
        across, down = image.info.get("dpi", (0.0, 0.0))
        return float(across), float(down)
    return None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken EXIF block raises anything; the picture itself is fine
        return 1
