"""Lines of text in the typefaces of this machine."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.training.drawing.fill import typefaces
from tests.support.pictures import Gray


def typed_line(text: str, face: str, size: int = 34) -> Gray:
    """One line in a typeface, black on a page's grey."""
    font = ImageFont.truetype(str(typefaces()[face]), size)
    image = Image.new("L", (round(font.getlength(text)) + 24, round(1.5 * size)), 250)
    ImageDraw.Draw(image).text((12, size), text, fill=30, font=font, anchor="ls")
    return np.asarray(image, np.uint8)
