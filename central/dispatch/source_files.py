"""Source files at hand: a lot's file is fetched once, not once for each of its documents.

Files lie in a folder of this process, the least recently used go first; what somebody removed
there is fetched again. The blob store verifies what it gives, so what lies here is what the
scanner wrote.
"""

import contextlib
import os
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

from central.blobs import BlobStore

_MAX_BYTES = 2_000_000_000


class SourceFiles:
    """See the module; safe to use from many threads.

    Args:
        store: Where blobs come from.
        folder: For this process alone.
        max_bytes: Kept at most; one file may be larger and is then kept alone.
    """

    def __init__(self, store: BlobStore, folder: Path, max_bytes: int = _MAX_BYTES) -> None:
        self._store, self._folder, self._max_bytes = store, folder, max_bytes
        self._kept: dict[bytes, int] = {}  # digest → size, least recently used first
        self._lock = threading.Lock()

    def open(self, sha256: bytes) -> BinaryIO:
        """Open a source file by its digest; the caller closes it.

        Raises:
            BlobMissing: the store has none of that digest.
            BlobCorrupt: the stored bytes are no longer what was received.
            BlobStoreUnavailable: the store does not answer.
            OSError: no room for it here.
        """
        path = self._folder / sha256.hex()
        with self._lock:
            if sha256 in self._kept:
                self._kept[sha256] = self._kept.pop(sha256)
                with contextlib.suppress(FileNotFoundError):  # a cleaner of the system was here
                    return path.open("rb")
        fresh = self._fetch(sha256)  # twice when two threads want it at once: harmless
        with self._lock:
            fresh.rename(path)
            self._kept.pop(sha256, None)
            self._kept[sha256] = path.stat().st_size
            opened = path.open("rb")
            self._make_room(sha256)
        return opened

    def _fetch(self, sha256: bytes) -> Path:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in self._store.stream(sha256):
                    file.write(piece)
        except BaseException:
            Path(name).unlink()
            raise
        return Path(name)

    def _make_room(self, newest: bytes) -> None:
        """Forget the least recently used; who has one open keeps reading it."""
        while sum(self._kept.values()) > self._max_bytes:
            oldest = next(iter(self._kept))
            if oldest == newest:
                return
            del self._kept[oldest]
            (self._folder / oldest.hex()).unlink(missing_ok=True)
