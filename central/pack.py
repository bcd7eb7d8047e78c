"""The part of the recognition pack that the centre reads: types of documents and their fields.

The pack is the stations' too (``vaguemestre.pack``).
"""

from pathlib import Path

from central.errors import ConfigInvalid
from vaguemestre.model import catalogue
from vaguemestre.model.catalogue import Catalogue


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
