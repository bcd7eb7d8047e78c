"""The figures of the hand network's card: ``python -m models.training.hands.evaluate``.

On faces and real digits that it never saw, from the chance on from which the station takes a field
for handwriting.
"""

import random

import numpy as np
from numpy.typing import NDArray

from edge.extraction.fields import PRINTED_BELOW
from edge.inference.readers import HandNetwork
from models.training.cells.glyphs import Part
from models.training.lines import draw
from vaguemestre import pack

_LINES, _SEED = 400, 51


def drawn(what: str, rng: random.Random, *, clean: bool) -> NDArray[np.uint8]:
    """One line of a kind of ``draw.draw``, or ``digits``."""
    if what == "digits":
        return draw.scanned(draw.draw_strip(rng, Part.MEASURE), rng)
    return draw.draw(rng, held_out=True, kind=what, clean=clean).image


def main() -> None:
    """Print a row a kind."""
    network = HandNetwork.load(pack.default_dir() / "onnx", 1)
    rng = random.Random(_SEED)
    for what, clean in (
        ("digits", False), ("hand", True), ("hand", False), ("print", True), ("print", False),
        ("typewriter", True), ("typewriter", False),
    ):  # fmt: skip
        told = network.by_hand([drawn(what, rng, clean=clean) for _ in range(_LINES)])
        share = sum(chance >= PRINTED_BELOW for chance in told) / _LINES
        print(f"{what}, {'clean' if clean else 'worn'}: {share:.1%} taken for handwriting")


if __name__ == "__main__":
    main()
