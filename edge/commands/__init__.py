"""What the commands of ``vaguemestre-edge`` do, once their arguments are parsed."""

from edge.commands.read import read
from edge.commands.separators import separators
from edge.commands.station import close, examine, replay, run, status

__all__ = ["close", "examine", "read", "replay", "run", "separators", "status"]
