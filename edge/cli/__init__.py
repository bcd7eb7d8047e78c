"""What the commands of ``vaguemestre-edge`` do, once their arguments are parsed."""

from edge.cli.enrol import enrol, measure_blanks
from edge.cli.read import read
from edge.cli.station import (
    close,
    discard,
    examine,
    replay,
    replay_since,
    rescan,
    run,
    separators,
    status,
)
from edge.cli.watch import watch

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
