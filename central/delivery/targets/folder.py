"""A pôle that takes its documents from a folder.

Each document is a directory named by its delivery's key: ``<document>-<destination>-<round>``.
It is made whole in a draft of its own under ``.en-cours``; then a ledger entry that names the
draft is made under ``.recus``, which only one can do; then the draft is renamed into place. So,
whoever dies wherever, and however many deliver the same package at once:

1. What the pôle sees in its folder is whole and durable.
2. A draft without an entry was never seen by the pôle: it may be deleted.
3. An entry whose draft still lies there was not published: whoever finds it does so.
4. An entry whose draft is gone was published; if the pôle has taken it away, it stays away.

The folder must know hard links and atomic renames (local disks, NFS, SMB on NTFS or Samba do).
"""

import os
import shutil
import stat
import uuid
from collections.abc import Iterable
from pathlib import Path

from central.delivery.package import Package
from central.delivery.targets.base import Delivered, Outcome, Rejected, Unavailable

_FILE_MODE, _FOLDER_MODE = 0o660, 0o2770
"""Less the process's umask, unless a group is set or the folder has a default access list."""
_GROUP = 0o070
_LEDGER = ".recus"
_DRAFTS = ".en-cours"
_ABANDONED_AFTER_S = 86_400.0
_SHELF_LETTERS = 6  # of the document's UUIDv7: a shelf holds less than five hours
_FORGOTTEN_AFTER_S = 400 * 86_400.0
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class FolderTarget:
    """See the module.

    Args:
        folder: Where the pôle looks.
        marker: A file in it that proves that the share is mounted; empty: the folder is of this
            machine and made if missing.
        group: Number of the group whose members may take packages away and answer in them;
            None: whom the folder's default access list, and else the process's umask, lets in.
    """

    def __init__(self, folder: Path, marker: str = "", group: int | None = None) -> None:
        self._folder, self._marker, self._group = folder, marker, group
        self._ledger, self._drafts = folder / _LEDGER, folder / _DRAFTS

    def deliver(self, package: Package) -> Outcome:
        """Publish one package."""
        key = package.idempotency_key
        if not key or not _SAFE.issuperset(key):
            return Rejected("key_unfit", "L'identifiant de livraison ne peut nommer un dossier.")
        try:
            if self._marker and not (self._folder / self._marker).is_file():
                return Unavailable("folder_unmounted", "Le partage du pôle n'est pas monté.")
            self._folder.mkdir(parents=True, exist_ok=True)
            if not self._is_open_to_group():
                return Unavailable(
                    "folder_rights",
                    "Le groupe du pôle n'a pas le droit d'écrire dans son dossier.",
                )
            return self._deliver(package)
        except OSError as error:
            return Unavailable("folder_unavailable", f"Dossier du pôle : {error.strerror}.")

    def _deliver(self, package: Package) -> Outcome:
        shelf = self._ledger / package.document_id[:_SHELF_LETTERS]
        for folder in (self._drafts, shelf):
            folder.mkdir(parents=True, exist_ok=True)
        entry = shelf / package.idempotency_key
        draft = None if entry.exists() else self._draft(package)
        try:
            if draft is not None:
                self._enter(entry, draft)
            self._publish(entry)
        except OSError as error:
            return Unavailable(
                "folder_interrupted",
                f"Remise interrompue, peut-être faite : {error.strerror}.",
            )
        return Delivered(entry.name)

    def _is_open_to_group(self) -> bool:
        """Whether members of the group can take packages out of the folder; makes it so if it may.

        To move a directory away one must be able to write in the folder where it lies.
        """
        if self._group is None:
            return True
        status = self._folder.stat()
        if status.st_gid == self._group and stat.S_IMODE(status.st_mode) & _GROUP == _GROUP:
            return True
        try:
            _open_to(self._folder, self._group, _FOLDER_MODE)
        except PermissionError:
            return False
        return True

    def _draft(self, package: Package) -> Path:
        """Write the package, durably, where the pôle does not look."""
        draft = self._drafts / f"{package.idempotency_key}.{uuid.uuid4().hex}"
        try:
            draft.mkdir()
            for name, part in package.files.items():
                _write(draft / name, part.pieces())
                if self._group is not None:
                    _open_to(draft / name, self._group, _FILE_MODE)
            if self._group is not None:
                _open_to(draft, self._group, _FOLDER_MODE)
            for folder in (draft, self._drafts, self._folder):
                _sync(folder)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return draft

    def _enter(self, entry: Path, draft: Path) -> None:
        """Make the ledger's entry, whole and durable, unless another was faster.

        From the moment that the entry names the draft, the draft may not be deleted. Whether it
        does is read back: over NFS a link may be made and yet be answered with an error.
        """
        written = draft.with_name(f"{draft.name}.entree")
        try:
            _write(written, [draft.name.encode()])
            os.link(written, entry)
        except OSError:
            if not _names(entry, draft):
                shutil.rmtree(draft, ignore_errors=True)
                if not entry.exists():
                    raise
        finally:
            written.unlink(missing_ok=True)
        for folder in (entry.parent, self._ledger, self._folder):
            _sync(folder)

    def _publish(self, entry: Path) -> None:
        """Rename the entry's draft into place, unless that was done."""
        draft = self._drafts / entry.read_text(encoding="utf-8")
        try:
            draft.rename(self._folder / entry.name)
        except FileNotFoundError:
            if not entry.exists():
                raise  # the share went away
            return  # published before, by us or by another
        _sync(self._folder)
        _sync(self._drafts)

    def tidy(self, now: float) -> None:
        """Publish or delete drafts left by the dead; forget entries of long ago."""
        if not (self._drafts.is_dir() and self._ledger.is_dir()):
            return
        for draft in list(self._drafts.iterdir()):
            key = draft.name.partition(".")[0]
            entry = self._ledger / key[:_SHELF_LETTERS] / key
            try:
                if _names(entry, draft):
                    self._publish(entry)
                elif draft.stat().st_mtime < now - _ABANDONED_AFTER_S:
                    shutil.rmtree(draft) if draft.is_dir() else draft.unlink()
            except FileNotFoundError:
                continue  # its owner was alive
        for shelf in list(self._ledger.iterdir()):
            if shelf.stat().st_mtime < now - _FORGOTTEN_AFTER_S:
                shutil.rmtree(shelf)

    def close(self) -> None:
        """Nothing stays open."""


def _names(entry: Path, draft: Path) -> bool:
    try:
        return entry.read_text(encoding="utf-8") == draft.name
    except FileNotFoundError:
        return False


def _open_to(path: Path, group: int, mode: int) -> None:
    os.chown(path, -1, group)
    path.chmod(mode)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
