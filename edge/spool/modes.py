"""Modes of a work directory: everything in it is for the station's account alone.

Files are made so; what an earlier version, a scanner's rename or a restored copy left otherwise
is put right at the start. No link is followed.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from edge.spool.files import DIRECTORY_MODE, FILE_MODE


def put_right(work_dir: Path) -> int:
    """Take away what others may do, in the directory and below; return how many were changed.

    What belongs to another account stays as it is: only root could change it.
    """
    changed = int(_own(work_dir, DIRECTORY_MODE))
    for folder, folders, files in os.walk(work_dir):
        for names, mode in ((folders, DIRECTORY_MODE), (files, FILE_MODE)):
            changed += sum(_own(Path(folder, name), mode) for name in names)
    return changed


def _own(path: Path, mode: int) -> bool:
    with suppress(FileNotFoundError, PermissionError):
        found = path.lstat().st_mode
        wrong = (stat.S_ISDIR(found) or stat.S_ISREG(found)) and stat.S_IMODE(found) != mode
        if wrong:
            path.chmod(mode)
        return wrong
    return False
