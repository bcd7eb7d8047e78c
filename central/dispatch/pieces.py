"""Room on the disk for the pieces of one package, given back when it is done.

The pages of a PDF are put on the disk as they come, so that a package of a thousand pages does not
need their memory.
"""

import tempfile
from pathlib import Path
from types import TracebackType


class Pieces:
    """See the module; use it in a ``with``.

    Args:
        folder: Where it may write; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "Pieces":
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own = tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True)
        self._count = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._own.cleanup()

    def new_file(self) -> Path:
        """Name a file that does not exist yet and goes with the rest."""
        self._count += 1
        return Path(self._own.name) / str(self._count)
