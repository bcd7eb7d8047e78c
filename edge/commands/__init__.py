"""What the commands of ``vaguemestre-edge`` do, once their arguments are parsed."""

from edge.commands.enrol import enrol
from edge.commands.read import read
from edge.commands.separators import separators
from edge.commands.station import close, discard, examine, replay, replay_since, run, status

__all__ = [
    "close",
    "discard",
    "enrol",
    "examine",
    "read",
    "replay",
    "replay_since",
    "run",
    "separators",
    "status",
]
