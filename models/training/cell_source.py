"""Where a comb's characters come from: a hand of real digits, a handwriting font, a typed one."""

import numpy as np

from models.training import cell_glyphs, cell_hand
from models.training.cell_glyphs import Glyph, Part


class Source:
    """Characters of one comb: one hand or one font.

    ``is_plain`` takes real digits as they are, so that what is measured on is real.
    """

    def __init__(
        self, part: Part, is_written: bool, rng: np.random.Generator, *, is_plain: bool = False
    ) -> None:
        self._part, self._rng = part, rng
        self.is_written = is_written
        self.hand = cell_hand.writer(rng) if is_written else cell_hand.printer(rng)
        self._is_plain = is_plain
        families = cell_glyphs.fonts(part, is_written)
        family = families[int(rng.integers(len(families)))]
        self._font = family[int(rng.integers(len(family)))]
        self._uses_font = not is_written or (part is Part.LEARN and rng.random() < 0.18)

    def glyph(self, char: str) -> tuple[Glyph, float]:
        """A character and its height as a share of the digits'."""
        glyph, share = self._raw(char)
        if self._is_plain:
            return glyph, share
        if self.is_written and not self._uses_font:
            if char == "7" and self.hand.bars_sevens:
                glyph = cell_hand.with_bar(glyph, self._rng)
            elif char == "1" and self.hand.flags_ones:
                glyph = cell_hand.with_flag(glyph, self._rng)
        return cell_hand.varied(glyph, self.hand, self._rng), share

    def _raw(self, char: str) -> tuple[Glyph, float]:
        if char.isdigit() and not self._uses_font:
            chosen = cell_glyphs.samples(self._part, char)
            return cell_glyphs.real(chosen[int(self._rng.integers(len(chosen)))]), 1.0
        glyph = cell_glyphs.drawn(self._font, char)
        return glyph, glyph.shape[0] / cell_glyphs.cap_height(self._font)
