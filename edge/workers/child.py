"""The life of one reading process: answer tasks until the pipe closes.

Hostile files make decoders loop, allocate or crash. A limit on this process's private memory
turns the second into an error; the first and the third end the process, and its owner sees it.
"""

import datetime as dt
import mmap
import os
import resource
import signal
import stat
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
from PIL import Image

from edge import pack, process
from edge.errors import (
    FileDenied,
    FileVanished,
    NotRegularFile,
    PackInvalid,
    PageCrashed,
    ReadingError,
)
from edge.imaging.decode import Data, Limits, Source, open_source
from edge.inference.station import load_readers
from edge.reading.readers import Readers
from edge.workers.task import Answer, Failure, FilePages, Started, Task, WorkerSettings


def serve(pipe: Connection, settings: WorkerSettings) -> None:
    """Say what is read with, then answer tasks; the entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is its owner's to deal with
    _silence_libraries()
    resource.setrlimit(resource.RLIMIT_DATA, (settings.memory_bytes, settings.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = None  # the settings' limit holds, and before anything is decoded
    cv2.setNumThreads(1)  # one page a process at a time; the others have cores to themselves
    try:
        recognition = pack.load(settings.pack_dir)
        readers = load_readers(settings.cache_dir, 1, settings.pack_dir / "onnx")
    except PackInvalid as error:
        pipe.send(Failure(error.code, str(error)))
        return
    pipe.send(Started({**recognition.versions, **readers.versions}))
    recipe = process.Recipe(
        recognition.forms, settings.accept_error_rate, settings.separator_barcodes
    )
    files = _OpenFile(settings.limits)
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_answer(task, files, recipe, readers))


def _silence_libraries() -> None:
    """Leave standard error to Python: decoders complain there about each damaged page."""
    ours, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(ours, "w", buffering=1)


def _answer(task: Task, files: "_OpenFile", recipe: process.Recipe, readers: Readers) -> Answer:
    try:
        source = files.open(task.path, task.ref.sha256)
        if task.count_only:
            return FilePages(tuple(source.indices))
        today = dt.datetime.now(dt.UTC).date()
        return process.read_page(source.page(task.ref.index), task.ref, recipe, readers, today)
    except ReadingError as error:
        return Failure.of(error)
    except Exception as error:
        # Out of memory, or a fault of ours: the owner ends this process, and its log says where.
        # The error's own text stays out of it, since it may quote a page.
        traceback.print_tb(error.__traceback__)
        sys.stderr.write(f"{type(error).__name__}\n")
        return Failure.of(PageCrashed())


class _OpenFile:
    """The file read last stays open: the pages of a lot of 1,000 come one by one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._key: tuple[Path, str] | None = None
        self._source: Source | None = None

    def open(self, path: Path, sha256: str) -> Source:
        """Open a file, or go on with it.

        Raises:
            ReadingError: it cannot be opened, or holds no page.
        """
        if self._source is not None and self._key == (path, sha256):
            return self._source
        if self._source is not None:
            self._source.close()
            self._source = None
        self._source = open_source(_mapped(path), self._limits)
        self._key = (path, sha256)
        return self._source


def _mapped(path: Path) -> Data:
    """A regular file's bytes without reading them; never waits at a fifo, follows no link."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise FileVanished from error
    except PermissionError as error:
        raise FileDenied from error
    except OSError as error:
        raise NotRegularFile(str(error.strerror)) from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularFile
        return mmap.mmap(fd, 0, access=mmap.ACCESS_READ) if status.st_size else b""
    finally:
        os.close(fd)
