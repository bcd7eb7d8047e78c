"""The plan as the centre opens it: what is wrong with a pack is ``config_invalid``."""

from pathlib import Path

from central.errors import ConfigInvalid
from vaguemestre import pack
from vaguemestre.model.forms import DefinitionInvalid
from vaguemestre.model.plan import Plan


def load_plan(folder: Path) -> Plan:
    """Read and check the plan of a pack, with its forms.

    Raises:
        ConfigInvalid: something is missing, or does not follow its schema.
    """
    try:
        return pack.load(folder).plan
    except DefinitionInvalid as error:
        raise ConfigInvalid(str(error)) from error
