"""Backs that shine through, and what must not be taken for one: faint fronts, notes on such backs.

All are drawn: backs as the corpus draws them, with and without a scan's faults; carbon copies and
pale print of all types at 8 to 26 grey levels below their paper; backs on which somebody wrote in
pencil, or with a pen before the scanner thresholded them.
"""

import collections
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge.imaging.source_file import PageImage
from edge.ocr.engine import Gray, OcrEngine
from edge.pipeline import page as pipeline_page
from models.training.drawing import degrade, synthesise
from models.training.drawing.fill import cabinet
from tests.bench.forms import DPI, TODAY
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

_NOTES = (
    "Merci de rappeler le docteur",
    "la facture suit par courrier",
    "voir avec le 02 35 61 12 40",
    "remboursement non reçu à ce jour",
    "mon mari est décédé en mai",
    "à payer sur le compte de ma fille",
)
# Grey levels below the paper: of faint writing, of a note in pencil, of one in ink.
_FAINT, PENCIL, PEN = (8.0, 26.0), (8.0, 24.0), (60.0, 200.0)


def _back(rng: random.Random) -> Gray:
    return synthesise.draw("back", rng.getrandbits(32), DPI)[0]


def _scanned_back(rng: random.Random) -> Gray:
    return degrade.scan(_back(rng), rng)


def _faint_front(rng: random.Random) -> Gray:
    kind = rng.choice((*synthesise.known_types(), "unknown"))
    return _faintly(synthesise.draw(kind, rng.getrandbits(32), DPI)[0], rng)


def _faintly(page: Gray, rng: random.Random) -> Gray:
    """A page's strokes on paper that they hardly darken, through soft carbon and a noisy scan."""
    soft = cv2.GaussianBlur(page, (0, 0), rng.uniform(0.03, 0.18) * DPI / 25.4).astype(np.float32)
    ink = np.percentile(255 - soft[page < 128], 70) if (page < 128).any() else 255.0
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0.5, 6), page.shape)
    pale = rng.uniform(225, 252) - (255 - soft) * (rng.uniform(*_FAINT) / ink)
    return np.asarray(np.clip(pale + noise, 0, 255), np.uint8)


def noted(page: Gray, rng: random.Random, levels: tuple[float, float]) -> Gray:
    """The page with a few words by hand, so many grey levels below it."""
    layer = Image.new("L", page.shape[::-1], 255)
    face = cabinet(held_out=False).draw(rng, 1.0)
    font = ImageFont.truetype(str(face.regular), rng.randint(40, 70))
    top = rng.randint(200, 1800)
    for text in rng.sample(_NOTES, rng.randint(1, 3)):
        place = (rng.randint(100, 500), top)
        ImageDraw.Draw(layer).text(place, face.spelt(text), font=font, fill=0)
        top += 90
    sigma = rng.uniform(0.03, 0.12) * DPI / 25.4
    ink = 255 - cv2.GaussianBlur(np.asarray(layer), (0, 0), sigma).astype(np.float32)
    return np.asarray(np.clip(page - ink * (rng.uniform(*levels) / 255), 0, 255), np.uint8)


def _pencil(rng: random.Random) -> Gray:
    return degrade.scan(noted(_back(rng), rng, PENCIL), rng)


def _pen(rng: random.Random) -> Gray:
    return degrade.scan(noted(_back(rng), rng, PEN), rng)


KINDS: Mapping[str, Callable[[random.Random], Gray]] = MappingProxyType(
    {
        "back": _back,
        "back, scanned": _scanned_back,
        "back, black and white": lambda rng: degrade.bitonal(_scanned_back(rng)),
        "faint front": _faint_front,
        "faint front, black and white": lambda rng: degrade.bitonal(_faint_front(rng)),
        "pencil on a back": _pencil,
        "pen on a back, black and white": lambda rng: degrade.bitonal(_pen(rng)),
    }
)  # fmt: skip


def measure(kind: str, count: int, readers: OcrEngine, seed: int) -> collections.Counter[str]:
    """How many pages of a kind are blank, faint, or written, as the station tells them."""
    rng = random.Random(f"{seed} {kind}")
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    found: collections.Counter[str] = collections.Counter()
    for number in range(count):
        image = PageImage(KINDS[kind](rng), DPI, dpi_known=True)
        page = pipeline_page.read_page(image, ImageRef("page", number, ""), recipe, readers, TODAY)
        told = "blank" if page.is_blank else "faint" if "faint" in page.marks else "written"
        found[told] += 1
    return found
