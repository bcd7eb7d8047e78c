"""A folder of our own for what nobody needs after the process: copies of page images, packages.

It is not the shared temporary folder: copies of pages that a killed process left there would stay
for anybody to find. Each process has a folder in ours, locked as long as it lives; what lies in
the folders of the dead is deleted at the next start.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from central.errors import ConfigInvalid

_LOCK = ".lock"
_MODE = 0o700


def default_dir() -> Path:
    """Return where it lies unless the settings say: on a disk, of this account alone."""
    return Path("/var/tmp") / f"vaguemestre-{os.getuid()}"  # noqa: S108 - see ``_demand_own``


@contextlib.contextmanager
def own_folder(base: Path) -> Iterator[Path]:
    """Lend this process a folder of its own, empty; deletes those of processes that died.

    Args:
        base: Our folder; made if missing.

    Raises:
        ConfigInvalid: it cannot be made, or belongs to somebody else.
    """
    try:
        base.mkdir(mode=_MODE, parents=True, exist_ok=True)
        _demand_own(base)
        with (base / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _clear(base)
            folder = Path(tempfile.mkdtemp(dir=base))
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(held, fcntl.LOCK_EX)
    except OSError as error:
        raise ConfigInvalid(f"work.dir: {error.filename or base}: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _demand_own(base: Path) -> None:
    """In a folder that others may write in, somebody may have been faster."""
    status = base.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise ConfigInvalid(f"work.dir: {base} belongs to another account")
    if stat.S_IMODE(status.st_mode) & 0o077:
        base.chmod(_MODE)


def _clear(base: Path) -> None:
    for folder in [path for path in base.iterdir() if path.name != _LOCK]:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            folder.unlink()
            continue
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # of a process that lives
        else:
            shutil.rmtree(folder)
        finally:
            os.close(descriptor)
