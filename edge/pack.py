"""The recognition pack as a station opens it: what is wrong with one is ``pack_invalid``."""

from pathlib import Path

from edge.errors import PackInvalid
from vaguemestre import pack
from vaguemestre.model.forms import DefinitionInvalid


def load_pack(folder: Path) -> pack.Pack:
    """Read and check a pack.

    Raises:
        PackInvalid: something is missing, or does not follow its schema.
    """
    try:
        return pack.load(folder)
    except DefinitionInvalid as error:
        raise PackInvalid(str(error)) from error
