"""Any Pillow image to grey.

Luma, not the darkest channel: black and blue ink and red stamps stay dark, a yellow
highlighter and a pale drop-out colour stay light, orange and blue print keeps a middle
grey that registration still sees. Alpha is laid over white; an alpha that is zero
everywhere is a writer's mistake and is ignored, else the page would be lost as blank.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.imaging.page import Gray

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
