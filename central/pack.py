"""The part of the recognition pack that the centre reads: types of documents and their fields.

In a wheel, which holds the pack once for both sides, it is ``edge/pack``; in a source tree it is
``models`` beside this package.
"""

from pathlib import Path

from central.domain import catalogue
from central.domain.catalogue import Catalogue
from central.errors import ConfigInvalid


def default_dir() -> Path:
    """Return the folder of the pack that came with the program."""
    root = Path(__file__).parents[1]
    packed = root / "edge" / "pack"
    return packed if packed.is_dir() else root / "models"


def load(folder: Path) -> Catalogue:
    """Read and check the catalogue.

    Raises:
        ConfigInvalid: something is missing, or is not what a pack holds.
    """
    try:
        forms = [path.read_text("utf-8") for path in sorted((folder / "forms").glob("*.toml"))]
        return catalogue.parse((folder / "plan.toml").read_text("utf-8"), forms)
    except OSError as error:
        raise ConfigInvalid(f"{error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigInvalid(f"{folder}: {error}") from error
