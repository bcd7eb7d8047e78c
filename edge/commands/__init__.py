"""What the commands of ``vaguemestre-edge`` do, once their arguments are parsed."""

from edge.commands.enrol import enrol, measure_blanks
from edge.commands.read import read
from edge.commands.rescan import rescan
from edge.commands.separators import separators
from edge.commands.station import close, discard, examine, replay, replay_since, run, status
from edge.commands.watch import watch

__all__ = [
    "close",
    "discard",
    "enrol",
    "examine",
    "measure_blanks",
    "read",
    "replay",
    "replay_since",
    "rescan",
    "run",
    "separators",
    "status",
    "watch",
]
