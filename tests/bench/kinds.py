"""Types of drawn pages of all kinds: right, rejected as they should be, or surely wrong.

Fonts and layouts that no training saw, every fault of ``models.training.drawing.degrade``, quarter
turns. Pages of forms whose layout was measured are told apart from those of random layouts, and
both from what is none of ours: such pages must come out as unknown or misdirected.
"""

import collections
from dataclasses import dataclass, field

from edge.classification import printed_text
from edge.imaging.source_file import PageImage
from edge.ocr.engine import OcrEngine
from edge.pipeline import page as pipeline_page
from models.training.drawing import synthesise
from tests.bench.forms import TODAY
from tests.bench.proportion import Proportion
from vaguemestre import pack
from vaguemestre.model.document import ImageRef, Layout

_DPI = 200
_NEARLY_EMPTY = ("blank", "separator", "back")


@dataclass
class Group:
    """Pages of one group; surely wrong means that nobody would be asked to name them."""

    total: int = 0
    right: int = 0
    surely_wrong: int = 0
    confused: collections.Counter[str] = field(default_factory=collections.Counter)

    @property
    def accuracy(self) -> Proportion:
        """Right of all."""
        return Proportion(self.right, self.total)

    @property
    def caught(self) -> Proportion:
        """Right, or so doubtful that a person names it."""
        return Proportion(self.total - self.surely_wrong, self.total)


def measure(readers: OcrEngine, count: int, seed: int) -> dict[str, Group]:
    """Draw and read ``count`` pages; groups by what they are."""
    recognition = pack.load(pack.default_dir())
    recipe = pipeline_page.ReadingContext(recognition.forms, accept_error_rate=0.001)
    sure = recognition.plan.type_confidence
    groups: dict[str, Group] = {}
    drawn = synthesise.pages(seed, count, dpi=_DPI, held_out=True, invented=synthesise.UNTAUGHT)
    for number, (gray, truth) in enumerate(drawn):
        if truth.type.startswith(_NEARLY_EMPTY):
            continue
        form = recognition.forms.get(truth.type)
        ref = ImageRef("page", number, "")
        image = PageImage(gray, _DPI, dpi_known=True)
        page = pipeline_page.read_page(image, ref, recipe, readers, TODAY)
        found = page.guesses[0] if page.guesses else None
        name = found.type if found else "blank or separator"
        if form is None or truth.type in (printed_text.UNKNOWN, printed_text.MISDIRECTED):
            group, is_right = (
                "none of ours",
                name in (printed_text.UNKNOWN, printed_text.MISDIRECTED),
            )
        else:
            measured = form.layout is Layout.VERIFIED
            group = "measured layouts" if measured else "random layouts"
            is_right = name == truth.type
        one = groups.setdefault(group, Group())
        one.total += 1
        one.right += is_right
        if not is_right:
            is_sure = found is not None and found.confidence >= sure
            one.surely_wrong += is_sure and name != printed_text.UNKNOWN
            one.confused[f"{truth.type} as {name}{' (sure)' if is_sure else ''}"] += 1
    return groups
