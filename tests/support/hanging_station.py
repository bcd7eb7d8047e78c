"""``vaguemestre-edge run`` on a machine where one share is dead: a call there never returns.

Run as ``python -m tests.support.hanging_station CONFIG FOLDER FIFO``. Opening a FIFO that nobody
writes to blocks in the kernel, as any call on a dead mount does; patience is shorter than in
production, so that a test need not wait for minutes.
"""

import os
import sys
from pathlib import Path

from edge import supervise
from edge.cli.main import main
from edge.sources.folder import filesystem
from edge.sources.folder import source as watching

_PATIENCE_S = 2.0


def run(config: str, dead: Path, fifo: Path) -> int:
    """Run the station; whoever opens ``dead`` waits for ever."""
    is_marked = filesystem.is_marked

    def hang_or_look(folder: Path, marker: str) -> bool:
        if folder == dead:
            os.close(os.open(fifo, os.O_RDONLY))
        return is_marked(folder, marker)

    filesystem.is_marked = hang_or_look
    watching._LOOK_WITHIN_S = _PATIENCE_S
    supervise._END_WITHIN_S = 15.0
    return main(["run", "--config", config])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
