"""The fonts that pages are drawn with: typed and handwritten, some families held out.

Fonts come from Debian packages and are found through fontconfig (models/training/README.md lists
the packages); without them, those of the reportlab package serve, and nothing is held out.
A held-out family is never used in training, in any style: evaluation draws with nothing else.
"""

import functools
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.ocr.lines import fold_text
from models.training.fill import typefaces as reportlab_faces

_TYPED = (
    "Anonymous Pro", "Baskervald ADF Std", "C059", "Cabin", "Caladea", "Cantarell", "Carlito",
    "Charis SIL", "Clear Sans", "Courier Prime", "DejaVu Sans", "DejaVu Sans Mono",
    "DejaVu Serif", "EB Garamond", "FreeMono", "FreeSans", "FreeSerif", "Gentium Plus", "Hack",
    "Karla", "Latin Modern Mono", "Latin Modern Roman", "Latin Modern Sans", "Lato",
    "Liberation Mono", "Liberation Sans", "Liberation Sans Narrow", "Liberation Serif",
    "Linux Biolinum O", "Linux Libertine O", "Manrope", "Nimbus Mono PS", "Nimbus Roman",
    "Nimbus Sans", "Nimbus Sans Narrow", "Noto Sans", "Noto Serif", "Old Standard TT",
    "Open Sans", "P052", "Quattrocento", "Roboto", "Roboto Condensed", "TeX Gyre Adventor",
    "TeX Gyre Bonum", "TeX Gyre Cursor", "TeX Gyre Schola", "Tuffy", "URW Bookman", "URW Gothic",
    "Universalis ADF Std", "Vollkorn",
)  # fmt: skip
_HAND = (
    "Because We Build", "Because We Learn", "Breip", "Comic Neue", "Dancing Script", "Delphine",
    "DkgHandwriting", "Ecolier_court", "Humor Sans", "Isabella", "Joscelyn", "Klee One", "Kristi",
    "Rufscript", "Steve", "Yusei Magic", "Z003", "femkeklaver",
)  # fmt: skip
HELD_OUT = frozenset((
    "Caladea", "Clear Sans", "Courier Prime", "Lato", "Linux Libertine O", "Nimbus Sans Narrow",
    "TeX Gyre Schola", "Universalis ADF Std", "Humor Sans", "Rufscript", "Klee One",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """A family: its regular and bold files; ``is_french`` when it holds all accents."""

    family: str
    regular: Path
    bold: Path
    is_hand: bool = False
    is_french: bool = True

    def spelt(self, text: str) -> str:
        """The text as this face can write it: without accents when it has none."""
        return text if self.is_french else _unaccented(text)


@dataclass(frozen=True, slots=True)
class Cabinet:
    """The faces of one purpose, training or evaluation."""

    typed: tuple[Face, ...]
    hand: tuple[Face, ...]

    def draw(self, rng: random.Random, share_hand: float = 0.0) -> Face:
        """A face by chance, a handwritten one with the given probability."""
        return rng.choice(self.hand if self.hand and rng.random() < share_hand else self.typed)


@functools.cache
def cabinet(held_out: bool) -> Cabinet:
    """The installed faces, either those for training or those held out for evaluation."""
    found = _installed()
    typed = [face for name in _TYPED if (face := _face(name, found, is_hand=False))]
    hand = [face for name in _HAND if (face := _face(name, found, is_hand=True))]
    chosen = [face for face in typed if (face.family in HELD_OUT) == held_out]
    written = [face for face in hand if (face.family in HELD_OUT) == held_out]
    return Cabinet(tuple(chosen or _fallback()), tuple(written))


def _face(name: str, found: dict[str, dict[str, Path]], *, is_hand: bool) -> Face | None:
    styles = found.get(name)
    if not styles:
        return None
    regular = _first(styles, ("Regular", "Book", "Roman", "Medium", "10 Regular", "Standard"))
    bold = _first(styles, ("Bold", "10 Bold", "Demi", "SemiBold", "Demi Bold"), regular)
    return Face(name, regular, bold, is_hand, "french" in styles)


def _first(styles: dict[str, Path], wanted: Sequence[str], otherwise: Path | None = None) -> Path:
    for style in wanted:
        if style in styles:
            return styles[style]
    files = [path for style, path in styles.items() if style != "french"]
    return otherwise or files[0]


def _installed() -> dict[str, dict[str, Path]]:
    """Family to style to file; the key ``french`` marks a family that holds all accents."""
    program = shutil.which("fc-list")
    if program is None:
        return {}
    form = "%{family[0]}\t%{style[0]}\t%{file}\n"
    found: dict[str, dict[str, Path]] = {}
    for pattern in (":", ":lang=fr"):
        listed = subprocess.run(  # noqa: S603  (fixed arguments)
            [program, pattern, "--format", form], capture_output=True, text=True, check=True
        ).stdout
        for row in sorted(listed.splitlines()):
            family, style, file = row.split("\t")
            styles = found.setdefault(family, {})
            styles["french" if pattern != ":" else style] = Path(file)
    return found


def _fallback() -> list[Face]:
    faces = reportlab_faces()
    kinds = ("sans", "arial", "times", "typewriter")
    return [Face(kind, faces[kind], faces[f"{kind}_bold"]) for kind in kinds]


def _unaccented(text: str) -> str:
    """As ``fold_text`` does it, but case, apostrophes and spaces stay; other signs are left out."""
    return "".join(
        letter if letter.isascii() else (base.upper() if letter.isupper() else base)
        for letter in text
        if (base := fold_text(letter)).isascii()
    )
