"""The typefaces of this machine, sorted by what they look like; whole families are held out.

Drawing for training needs many; ``models/training/README.md`` lists the Debian packages.
"""

import functools
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

# By the beginning of the family's name: weights and widths of one design go together.
_HELD_OUT = (
    "cantarell", "clear sans", "dejavu", "hack", "karla", "roboto condensed", "tuffy", "urw",
    "liberation serif", "courier prime", "freemono", "klee", "yusei", "kristi", "delphine",
)  # fmt: skip
_TYPEWRITERS = (
    "courier prime", "gnutypewriter", "freemono", "nimbus mono", "tex gyre cursor", "lm mono",
    "latin modern mono", "liberation mono", "tlwg typewriter", "libertine mono", "cousine",
)  # fmt: skip
_HANDS = (
    "dkg", "breip", "because", "bwht", "ecolier", "femke", "humor", "kristi", "rufscript",
    "sjfonts", "delphine", "steve", "dancing script", "klee", "yusei", "comic neue", "isabella",
    "romande adf script", "dorovar", "z003", "havana",
)  # fmt: skip
_ODD = (
    "math", "symbol", "dingbat", "emoji", "d050000l", "standard symbols", "caps", "unifur",
    "fraktur", "hairline", "noto sans sign", "noto music", "joscelyn", "initials", "thin",
    "extralight", "dunhill", "keyboard", "barcode",
)  # fmt: skip
_LATIN_NOTO = ("noto sans", "noto serif", "noto mono", "noto sans mono", "noto sans display")
_BEYOND = 0x2700  # characters that French mail does not hold
_MUST = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-'éèàçêô")


@dataclass(frozen=True)
class Face:
    """One font file; ``kind`` is ``print``, ``typewriter`` or ``hand``."""

    path: Path
    family: str
    kind: str
    characters: frozenset[str]


@functools.cache
def faces(*, held_out: bool) -> Mapping[str, tuple[Face, ...]]:
    """All usable faces by kind: those for training, or those for evaluation only.

    Raises:
        RuntimeError: fontconfig knows too few; install the packages of the README.
    """
    program = shutil.which("fc-list")
    if program is None:
        raise RuntimeError("fontconfig is missing: models/training/README.md lists the packages")
    listing = subprocess.run(  # noqa: S603  (fixed arguments)
        [program, "--format", "%{family}|%{file}|%{index}|%{charset}\n"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found: dict[str, list[Face]] = {"print": [], "typewriter": [], "hand": []}
    for line in sorted(set(listing.splitlines())):
        family, file, index, charset = line.rsplit("|", 3)
        family = family.split(",")[0]
        if index != "0" or _is_held_out(family) is not held_out:
            continue
        face = _face(Path(file), family, _characters(charset))
        if face is not None:
            found[face.kind].append(face)
    if sum(map(len, found.values())) < (10 if held_out else 40):
        raise RuntimeError(
            "too few fonts: install the packages that models/training/README.md lists"
        )
    return {kind: tuple(group) for kind, group in found.items()}


def _is_held_out(family: str) -> bool:
    return family.lower().startswith(_HELD_OUT)


def _characters(charset: str) -> frozenset[str]:
    """Of fontconfig's list of ranges: ``20-7e a0``."""
    found: set[str] = set()
    for part in charset.split():
        first, _, last = part.partition("-")
        if int(first, 16) < _BEYOND:
            found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


def _face(path: Path, family: str, characters: frozenset[str]) -> Face | None:
    name = family.lower()
    whole = f"{name} {path.name.lower()}"
    if any(odd in whole for odd in _ODD) or path.suffix.lower() not in (".ttf", ".otf"):
        return None
    if name.startswith("noto") and name not in _LATIN_NOTO:
        return None
    if not characters >= _MUST or _has_small_capitals(path):
        return None
    kind = "print"
    if any(mark in whole for mark in _TYPEWRITERS):
        kind = "typewriter"
    elif any(mark in whole for mark in _HANDS):
        kind = "hand"
    return Face(path, family, kind, characters)


def _has_small_capitals(path: Path) -> bool:
    """Whether its ``b`` is no taller than its ``x``."""
    font = ImageFont.truetype(str(path), 100)
    (_, b_top, _, _), (_, x_top, _, _) = (font.getbbox(c, anchor="ls") for c in "bx")
    return b_top > 1.1 * x_top
