"""The program of a reading process: load, be confined, answer tasks until the link closes.

Hostile files make decoders loop, allocate, crash or obey. A limit on this process's private
memory turns the second into an error; the first and the third end the process, and its owner
sees it; against the fourth it can open nothing (edge/pipeline/workers/confinement.py). Before it
is confined it reads a page of its own in every format: what libraries import late, and the
buffers that they keep, are there from then on.
"""

import datetime as dt
import importlib
import io
import mmap
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import stdnum
from PIL import Image

from edge.errors import ConfinementMissing, PackInvalid, PageCrashed, ReadingError
from edge.imaging.decode import is_complete, open_source
from edge.imaging.source_file import Data, ImageFile, PageImage
from edge.inference.engine import load_engine
from edge.ocr.engine import OcrEngine
from edge.pack import load_pack
from edge.pipeline.page import ReadingContext, read_page
from edge.pipeline.workers import confinement
from edge.pipeline.workers.messages import (
    ANSWER,
    FIRST,
    SETTINGS,
    TASK,
    Act,
    Answer,
    Checked,
    Confinement,
    Decoded,
    Failed,
    FilePages,
    Link,
    LinkBroken,
    NotStarted,
    Read,
    Started,
    Task,
    WorkerSettings,
)
from edge.results import PageReading
from vaguemestre.model.calendar import paris_day
from vaguemestre.model.document import ImageRef

_READ_AT_ONCE = 32_000_000  # a mapped file that shrinks ends the process; a read one does not
_MOST_FRAMES = 20
_WARM_UP_SIZE, _WARM_UP_DPI = (600, 850), (150, 150)  # height and width
_WARM_UP_LINES = ("MONTANT TOTAL 26,50 EUR", "le 12/03/2026", "NOM Prenom 1 84 12 17 300 125 84")
_CODECS = ("latin_1", "cp1252", "utf_8_sig", "utf_16", "utf_16_be", "utf_16_le", "ascii")


def main() -> None:
    """The program of the process: its only argument is the number of its end of the link."""
    link = Link(socket.socket(fileno=int(sys.argv[1])))
    settings, _ = link.take()
    serve(link, SETTINGS.validate_json(settings))
    # At once: what native libraries do at a usual end depends on the order in which they were
    # loaded, and waits for ever for what a confined process may not do any more.
    os._exit(0)


def serve(link: Link, settings: WorkerSettings) -> None:
    """Say what is read with and what was given up for it, then answer tasks."""
    # A Ctrl-C, or the end of a service, is its owner's to deal with: this one ends with the link.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    confinement.no_memory_image()
    resource.setrlimit(resource.RLIMIT_DATA, (settings.memory_bytes, settings.memory_bytes))
    Image.MAX_IMAGE_PIXELS = None  # the settings' limit holds, and before anything is decoded
    cv2.setNumThreads(1)  # one page a process at a time; the others have cores to themselves
    try:
        tasks = _Tasks.load(settings)
    except PackInvalid as error:
        _refuse(link, error.code, str(error))
        return
    tasks.warm_up()
    _close_all_but(link.fileno())
    protections = confinement.lock()
    lacking = confinement.REQUIRED - protections
    if lacking and settings.confinement is Confinement.REQUIRED:
        _refuse(link, ConfinementMissing.code, ", ".join(sorted(lacking)))
        return
    link.send(FIRST.dump_json(Started(tasks.versions, protections)))
    with suppress(LinkBroken):
        while True:
            task, fd = link.take()
            answer, pixels = tasks.answer(TASK.validate_json(task), fd)
            link.send(ANSWER.dump_json(answer))
            if pixels is not None:
                link.send(pixels)


def _refuse(link: Link, code: str, detail: str) -> None:
    link.send(FIRST.dump_json(NotStarted(code, detail)))


def _close_all_but(kept: int) -> None:
    """Keep the link; the standard ones lead nowhere: decoders complain there about each page."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


class _Tasks:
    """Answers tasks; without networks it only looks at files and decodes pages."""

    def __init__(
        self,
        settings: WorkerSettings,
        context: ReadingContext | None,
        engine: OcrEngine | None,
        versions: dict[str, str],
    ) -> None:
        self.versions = versions
        self._limits = settings.limits
        self._context, self._engine = context, engine
        self._key: tuple[str, str] | None = None
        self._source: ImageFile | None = None

    @classmethod
    def load(cls, settings: WorkerSettings) -> "_Tasks":
        """Load what the settings ask for.

        Raises:
            PackInvalid: the pack or a model is missing or altered.
        """
        if not settings.networks:
            return cls(settings, None, None, {})
        pack = load_pack(settings.pack_dir)
        engine = load_engine(settings.cache_dir, 1, settings.pack_dir / "onnx")
        context = ReadingContext(
            pack.forms, settings.accept_error_rate, settings.separator_barcodes
        )
        return cls(settings, context, engine, {**pack.versions, **engine.versions})

    def warm_up(self) -> None:
        """Have everything imported and every thread made that reading may ever ask for."""
        Image.init()
        for codec in _CODECS:
            "".encode(codec)
        folders = [Path(folder) for folder in stdnum.__path__]
        for path in sorted(path for folder in folders for path in folder.glob("*/iban.py")):
            importlib.import_module(f"stdnum.{path.parent.name}.iban")
        for data in _warm_up_files():
            with open_source(data, self._limits) as source:
                page = source.page(source.indices[0])
            self._read(page, ImageRef("", 0, ""))

    def answer(self, task: Task, fd: int | None) -> tuple[Answer, bytes | None]:
        """Answer one task, with pixels when it asks for them; the file is closed again."""
        try:
            if fd is None:
                return Failed(PageCrashed.code), None
            try:
                return self._answer(task, fd)
            finally:
                os.close(fd)
        except ReadingError as error:
            return Failed(error.code), None
        except Exception as error:
            # Out of memory, or a fault of ours: the owner ends this process, and its log says
            # where. The error's own text stays out of it, since it may quote a page.
            frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
            where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
            return Failed(PageCrashed.code, f"{type(error).__name__} at {where}"), None

    def _answer(self, task: Task, fd: int) -> tuple[Answer, bytes | None]:
        if task.act is Act.CHECK:
            return Checked(is_complete(_bytes_of(fd))), None
        source = self._open(task.ref, fd)
        match task.act:
            case Act.LIST:
                return FilePages(tuple(source.indices)), None
            case Act.DECODE:
                page = source.page(task.ref.index)
                height, width = page.gray.shape
                decoded = Decoded(height, width, page.dpi, page.dpi_known, page.marks)
                return decoded, np.ascontiguousarray(page.gray).tobytes()
            case Act.READ:
                page = source.page(task.ref.index)
                reading = self._read(page, task.ref)
                if reading is None:
                    return Failed(PageCrashed.code, "no networks"), None
                return Read(replace(reading, pixels=page.digest())), None

    def _read(self, page: PageImage, ref: ImageRef) -> PageReading | None:
        """Read a page by the recipe; None without networks."""
        if self._context is None or self._engine is None:
            return None
        today = paris_day(dt.datetime.now(dt.UTC))
        return read_page(page, ref, self._context, self._engine, today)

    def _open(self, ref: ImageRef, fd: int) -> ImageFile:
        """Open a file, or go on with it: the pages of a lot of 1,000 come one by one."""
        key = (ref.file, ref.sha256)
        if self._source is not None and self._key == key:
            return self._source
        if self._source is not None:
            self._source.close()
            self._source = None
        self._source = open_source(_mapped(fd), self._limits)
        self._key = key
        return self._source


def _warm_up_files() -> Iterator[bytes]:
    """A page of a few lines as a file of each kind that is read."""
    page = np.full(_WARM_UP_SIZE, 255, np.uint8)
    for row, words in enumerate(_WARM_UP_LINES):
        cv2.putText(page, words, (40, 120 + 150 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    gray = Image.fromarray(page)
    for image, kind, options in (
        (gray, "PNG", {}),
        (gray, "JPEG", {}),
        (gray.convert("RGB"), "TIFF", {"compression": "jpeg"}),
        (gray, "TIFF", {"compression": "tiff_lzw"}),
        (gray.convert("1"), "TIFF", {"compression": "group4"}),
        (gray, "PDF", {}),
    ):
        file = io.BytesIO()
        image.save(file, kind, dpi=_WARM_UP_DPI, **options)
        yield file.getvalue()


def _mapped(fd: int) -> Data:
    """A file's bytes without reading them."""
    return mmap.mmap(fd, 0, access=mmap.ACCESS_READ) if os.fstat(fd).st_size else b""


def _bytes_of(fd: int) -> Data:
    size = os.fstat(fd).st_size
    return os.pread(fd, size, 0) if size <= _READ_AT_ONCE else _mapped(fd)
