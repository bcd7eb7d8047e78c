"""JPEG and PNG, one page a file; and what holds for any Pillow image: to grey, to square pixels.

Grey is luma, not the darkest channel: black and blue ink and red stamps stay dark, a yellow
highlighter and a pale drop-out colour stay light, orange and blue print keeps a middle grey that
registration still sees. Alpha is laid over white; an alpha that is zero everywhere is a writer's
mistake and is ignored, else the page would be lost as blank.

Files lie about their resolution: 1 dpi, 0 dpi, 72 dpi for a photograph of an A4 page, 204 × 98 for
a fax. What is told is believed when the sheet it makes could lie on a scanner; otherwise the page
is taken for an A4 sheet and marked ``dpi_assumed``.
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, PngImagePlugin

from edge.errors import FileTruncated, ImageUndecodable, PageTooLarge, ReadingError
from edge.imaging.source_file import Data, FileFormat, Gray, ImageFile, Limits, PageImage, as_file

_WITH_ALPHA = {"LA", "PA", "RGBA", "La", "RGBa"}


def to_gray(image: Image.Image, bits: int = 16) -> Gray:
    """Convert.

    Args:
        image: Opened; decoded here if it was not.
        bits: True depth of images of more than 8 bits a sample.

    Returns:
        Height × width, uint8.
    """
    if image.mode.startswith("I;16"):
        return _from_16_bits(np.asarray(image), bits)
    if image.mode in ("I", "F"):
        return _from_wide(np.asarray(image, np.float32))
    if "transparency" in image.info and image.mode in ("P", "L", "RGB", "1"):
        image = image.convert("RGBA")
    if image.mode in _WITH_ALPHA:
        return _over_white(image)
    if image.mode in ("YCbCr", "LAB"):
        return np.array(image.getchannel(0), np.uint8)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    return np.array(image.convert("L"), np.uint8)


def _from_16_bits(samples: NDArray[np.uint16], bits: int) -> Gray:
    # 12-bit scanners also store their samples in 16 bits: shifting by 8 would show a black page.
    if bits > 12 and samples.size and int(samples.max()) < 4096:
        bits = 12
    return np.asarray(np.minimum(samples >> max(0, bits - 8), 255), np.uint8)


def _from_wide(samples: NDArray[np.float32]) -> Gray:
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    white = float(finite.max()) if finite.size else 1.0
    scale = 255.0 / (white if white > 0 else 1.0)
    return np.asarray(np.clip(finite * scale, 0, 255), np.uint8)


def _over_white(image: Image.Image) -> Gray:
    premultiplied = image.mode in ("La", "RGBa")
    if image.mode == "PA":
        image = image.convert("RGBA")
    alpha = np.asarray(image.getchannel(image.getbands()[-1]), np.uint16)
    if image.mode in ("LA", "La"):
        luma = np.asarray(image.getchannel(0), np.uint16)
    else:
        bands = Image.merge("RGB", image.split()[:3])
        luma = np.asarray(bands.convert("L"), np.uint16)
    if not alpha.any():
        return luma.astype(np.uint8)
    if premultiplied:
        return np.asarray(np.minimum(luma + (255 - alpha), 255), np.uint8)
    return np.asarray((luma * alpha + 255 * (255 - alpha) + 127) // 255, np.uint8)


HIGHEST_DPI = 300.0  # nothing we read gains from more; A4 is then 8.7 Mpixel
_A4_SHORT_IN, _A4_LONG_IN = 8.27, 11.69
_USUAL_DPI = (72.0, 75.0, 96.0, 100.0, 120.0, 150.0, 200.0, 240.0, 300.0, 400.0, 600.0)
_SLIP_DPI = 200.0  # of an image too small to be an A4 page: a cut-out, a stamp
_LOWEST_DPI, _LARGEST_DPI = 50.0, 4800.0
_SHORT_SIDE_IN = (0.1, 17.0)  # a label .. the short side of A2
_LONG_SIDE_IN = 400.0  # ten metres: a till receipt, a banner; the limit of pixels guards the rest


class Resolution(NamedTuple):
    """Dots an inch across and down the stored pixels, and whether the file told them."""

    across: float
    down: float
    known: bool


def resolve_dpi(width: int, height: int, told: tuple[float, float] | None) -> Resolution:
    """Believe the told resolution or guess one.

    Args:
        width: Stored pixels across.
        height: Stored pixels down.
        told: Dots an inch (across, down) as the file says, None when it says nothing.
    """
    if told is not None and _is_plausible(width, height, told):
        return Resolution(told[0], told[1], True)
    ratio = _pixel_ratio(told)
    guess = _guess(width, height * ratio)
    return Resolution(guess, guess / ratio, False)


def _is_plausible(width: int, height: int, told: tuple[float, float]) -> bool:
    across, down = told
    if not (_LOWEST_DPI <= across <= _LARGEST_DPI and _LOWEST_DPI <= down <= _LARGEST_DPI):
        return False
    if not 1 / 3 <= across / down <= 3:
        return False
    short, long = sorted((width / across, height / down))
    return _SHORT_SIDE_IN[0] <= short <= _SHORT_SIDE_IN[1] and long <= _LONG_SIDE_IN


def _pixel_ratio(told: tuple[float, float] | None) -> float:
    """How much taller than wide one pixel is; faxes tell it even where the unit is missing."""
    if told is None or min(told) <= 0:
        return 1.0
    ratio = told[0] / told[1]
    return ratio if 1 / 3 <= ratio <= 3 else 1.0


def _guess(width: float, height: float) -> float:
    short, long = sorted((width, height))
    fitting = max(short / _A4_SHORT_IN, long / _A4_LONG_IN)
    nearest = min(_USUAL_DPI, key=lambda usual: abs(usual - fitting) / usual)
    if abs(nearest - fitting) <= 0.06 * nearest:
        return nearest
    return fitting if fitting >= _USUAL_DPI[0] else _SLIP_DPI


def to_square_pixels(
    gray: Gray,
    resolution: Resolution,
    orientation: int,
    limits: Limits,
    marks: tuple[str, ...] = (),
) -> PageImage:
    """Resample to square pixels of at most 300 dpi and turn as the orientation tag says.

    Args:
        gray: Pixels as stored.
        resolution: Of the stored pixels.
        orientation: TIFF or EXIF orientation, 1 to 8; anything else counts as 1.
        limits: Hold for the stretched page too.
        marks: Of the decoder.

    Raises:
        PageTooLarge: stretching to square pixels would pass the limit.
    """
    across, down, known = resolution
    highest = max(across, down)
    dpi = HIGHEST_DPI if highest > HIGHEST_DPI * 1.02 else highest
    height, width = gray.shape
    size = (max(1, round(width * dpi / across)), max(1, round(height * dpi / down)))
    if abs(across - down) <= 0.02 * highest and dpi == highest:
        size = (width, height)  # 300 × 299.9: not worth a resampling
    if size != (width, height):
        limits.check_pixels(*size)
        shrinks = size[0] <= width and size[1] <= height
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        gray = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
        marks = (*marks, "resampled")
    if not known:
        marks = (*marks, "dpi_assumed")
    return PageImage(
        np.ascontiguousarray(apply_orientation(gray, orientation)), float(dpi), known, marks
    )


def apply_orientation(gray: Gray, orientation: int) -> Gray:
    """Show stored pixels as a TIFF or EXIF orientation (1 to 8) says."""
    if orientation in (5, 6, 7, 8):
        gray = gray.T
    if orientation in (3, 4, 7, 8):
        gray = gray[::-1]
    if orientation in (2, 3, 6, 7):
        gray = gray[:, ::-1]
    return gray


_ORIENTATION = 0x0112
_CUT_SHORT = ("truncated", "Truncated", "unexpected end")


@contextlib.contextmanager
def translate_errors() -> Iterator[None]:
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


class RasterSource(ImageFile):
    """A JPEG or PNG file. Only its first image is a page, as viewers show it."""

    def __init__(self, data: Data, kind: FileFormat, limits: Limits) -> None:
        with translate_errors():
            # The class itself, not Image.open: no other decoder can be talked into the job,
            # and the size is checked here instead of by Pillow's global limit.
            opener = JpegImagePlugin.JpegImageFile
            image: Image.Image = (
                opener(as_file(data))
                if kind is FileFormat.JPEG
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
        with translate_errors():
            size = image.size
            gray = self._gray(image)
        told = _told(image)
        where = resolve_dpi(*size, told)
        return to_square_pixels(gray, where, _orientation(image), self._limits)

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
