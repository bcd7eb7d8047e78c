"""Small lots for the end-to-end tests: a multi-page TIFF, a directory, a Kodak tree."""

import shutil
from pathlib import Path

from models.training.drawing.lots import Artist, TrueLot, attending_doctors, care_sheets, kodak_tree

_SEED = 7


def draw(out: Path) -> tuple[TrueLot, ...]:
    """Draw three lots below ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    artist = Artist(_SEED)
    return (
        care_sheets(out, artist, "FSP-0001", 3),
        attending_doctors(out, artist, "DMT-0002", 3),
        kodak_tree(out, artist, "B0003", 2),
    )


def draw_one(out: Path) -> str:
    """Draw a lot of one médecin traitant more and return its name."""
    return attending_doctors(out, Artist(_SEED + 1), "DMT-0004", 1).name


def copy(source: Path, target: Path) -> None:
    """Leave a lot in a folder as a scanner does."""
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
