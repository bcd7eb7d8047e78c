"""A pôle that takes its documents from a folder.

Each document is a directory named by its delivery's key, published by an atomic rename once
its files are durable. A ledger beside them remembers what was published, so that a document
that the pôle has already taken away is not put there again.
"""

import os
import shutil
from pathlib import Path

from central.dispatch.package import Package
from central.dispatch.targets.base import Delivered, Outcome, Unavailable

_LEDGER = ".recus"
_PREPARED = ".en-cours"


class FolderTarget:
    """See the module.

    Args:
        folder: Where the pôle looks; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, package: Package) -> Outcome:
        """Publish one package; the ledger's entry is written before the rename.

        Entry first: if the machine stops between the two, the prepared directory is still
        there, and the next attempt finishes the rename. The other way round a package taken
        away in between would be published twice.
        """
        try:
            return self._deliver(package)
        except OSError as error:
            return Unavailable("folder_unavailable", f"Dossier inaccessible : {error.strerror}.")

    def _deliver(self, package: Package) -> Outcome:
        ledger, prepared = self._folder / _LEDGER, self._folder / _PREPARED
        for folder in (ledger, prepared):
            folder.mkdir(parents=True, exist_ok=True)
        final = self._folder / package.idempotency_key
        entry = ledger / package.idempotency_key
        draft = prepared / package.idempotency_key
        if entry.exists():
            if draft.exists() and not final.exists():
                draft.rename(final)
                _sync(self._folder)
            return Delivered(final.name)
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir()
        for name, data in package.files.items():
            _write(draft / name, data)
        _sync(draft)
        _sync(prepared)
        _write(entry, b"")
        _sync(ledger)
        draft.rename(final)
        _sync(self._folder)
        return Delivered(final.name)


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
